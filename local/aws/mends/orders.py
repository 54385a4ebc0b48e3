"""Where each item of a table stands: in its partition and in those of every index, kept in query order."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import GlobalSecondaryIndex, Table

# One attribute of a position: its type first, so that two types never have to be compared.
Value = tuple[str, Any]
Position = tuple[Value, ...]
Primary = tuple[DynamoType, DynamoType | None]
Partition = list[tuple[Position, Primary]]


def value_of(attribute: DynamoType) -> Value:
    return attribute.type, attribute.cast_value


@dataclass
class Order:
    """The order of a table (no index name) or of one index."""

    hash_attr: str
    range_attr: str | None  # what a range condition compares; None where moto takes none
    sort_attrs: Sequence[str]
    required: frozenset[str]
    # More than one hash or range attribute: moto's rules for those are left to moto.
    composite: bool = False
    partitions: dict[Value, Partition] = field(default_factory=dict)
    _places: dict[tuple[Value, Value | None], tuple[Value, Position]] = field(default_factory=dict)

    def place(self, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
        name = value_of(hash_key), value_of(range_key) if range_key is not None else None
        old = self._places.pop(name, None)
        new = self._place(item)
        if new is not None:
            self._places[name] = new
        if old == new:
            return
        if old is not None:
            self._remove(*old)
        if new is not None:
            partition, position = new
            insort(
                self.partitions.setdefault(partition, []), (position, (hash_key, range_key)), key=_position
            )

    def position(self, attributes: dict[str, Any]) -> Position | None:
        if not all(name in attributes for name in self.sort_attrs):
            return None
        return tuple(value_of(DynamoType(attributes[name])) for name in self.sort_attrs)

    def _place(self, item: Item | None) -> tuple[Value, Position] | None:
        if item is None or not all(
            name in item.attrs and item.attrs[name].type in ("S", "N", "B") for name in self.required
        ):
            return None
        position = tuple(value_of(item.attrs[name]) for name in self.sort_attrs)
        return value_of(item.attrs[self.hash_attr]), position

    def _remove(self, name: Value, position: Position) -> None:
        partition = self.partitions[name]
        del partition[bisect_left(partition, position, key=_position)]
        if not partition:
            del self.partitions[name]

    def window(
        self, partition: Partition, comparison: str | None, values: list[DynamoType]
    ) -> tuple[int, int] | None:
        """Where the items that fulfil a range condition stand, side by side. None: moto has to look."""
        if comparison is None and not self.composite:
            return 0, len(partition)
        if self.range_attr is None or self.composite:
            return None
        at = self.sort_attrs.index(self.range_attr)
        first, last = value_of(values[0]), value_of(values[-1])

        def value(entry: tuple[Position, Primary]) -> tuple[Any, ...]:
            return entry[0][at]

        start = bisect_left(partition, (first[0],), key=value)
        low, high = bisect_left(partition, first, key=value), bisect_right(partition, last, key=value)
        match comparison:
            case "BEGINS_WITH" if first[0] == "S":
                high = bisect_left(
                    partition, True, lo=low, key=lambda at: not value(at)[1].startswith(first[1])
                )
                return low, high
            case "=" | "BETWEEN":
                return low, high
            case "<" | "<=":
                return start, low if comparison == "<" else high
            case ">" | ">=":
                return high if comparison == ">" else low, len(partition)
        return None

    def around(self, partition: Partition, position: Position) -> tuple[int, int]:
        return (
            bisect_left(partition, position, key=_position),
            bisect_right(partition, position, key=_position),
        )


def _position(entry: tuple[Position, Primary]) -> Position:
    return entry[0]


class Orders:
    """All orders of one table, made when first asked for, then kept by every write."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._by_index: dict[str | None, tuple[Any, Order]] = {}

    def get(self, index_name: str | None) -> Order | None:
        index = next((index for index in self._table.all_indexes() if index.name == index_name), None)
        if index_name is not None and index is None:
            return None
        schema = index.schema if index is not None else self._table.schema
        known = self._by_index.get(index_name)
        if known is None or known[0] is not schema:
            known = self._by_index[index_name] = schema, self._made(index)
        return known[1]

    def place(self, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
        for _, order in self._by_index.values():
            order.place(hash_key, range_key, item)

    def _made(self, index: Any) -> Order:
        order = _order(self._table, index)
        for item in self._table.all_items():
            order.place(item.hash_key, item.range_key, item)
        return order


def _order(table: Table, index: Any) -> Order:
    if index is None:
        ranges = [table.range_key_attr] if table.range_key_attr else []
        return Order(table.hash_key_attr, table.range_key_attr, ranges, frozenset(table.table_key_attrs))
    hashes = [key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH"]
    ranges = [key["AttributeName"] for key in index.schema if key["KeyType"] == "RANGE"]
    stand_in = table.hash_key_attr
    if isinstance(index, GlobalSecondaryIndex) and table.range_key_attr:
        stand_in = table.range_key_attr
    sort = table._generate_attr_to_sort_by(
        [*hashes, table.hash_key_attr], [*(ranges or [stand_in]), table.range_key_attr]
    )
    return Order(
        hash_attr=hashes[0],
        range_attr=ranges[0] if ranges else None,
        sort_attrs=sort,
        required=frozenset([*hashes, *ranges]),
        composite=len(hashes) > 1 or len(ranges) > 1,
    )
