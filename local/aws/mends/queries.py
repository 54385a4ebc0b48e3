"""Query reads and sorts every item of the table, for each page.

https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/table.py#L749
moto's own code still answers, but it is shown a table of only those items that this page can be made of.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table

from local.aws.mends import writes
from local.aws.mends.orders import Order, Orders, Partition, value_of
from local.aws.mends.patch import replace

original = Table.query


@dataclass(frozen=True)
class _Page:
    """What narrows a page down within its partition."""

    comparison: str | None
    values: list[DynamoType]
    limit: int | None
    start: dict[str, Any] | None
    forward: bool


def install() -> None:
    writes.listeners.append(_place)
    replace(Table, "query", query)


def query(
    self: Table,
    hash_key: DynamoType | None,
    range_comparison: str | None,
    range_objs: list[DynamoType],
    limit: int,
    exclusive_start_key: dict[str, Any],
    scan_index_forward: bool,
    projection_expressions: Any,
    index_name: str | None = None,
    *args: Any,
    **kwargs: Any,
) -> tuple[list[Item], int, dict[str, Any] | None]:
    page = _Page(range_comparison, range_objs, limit, exclusive_start_key, scan_index_forward)
    legacy_filters = kwargs.keys() - {"hash_key_conditions", "range_key_conditions"}
    found = _orders(self).get(index_name)
    shown = self
    if found is not None and not legacy_filters:
        name = dict(kwargs.get("hash_key_conditions") or {}).get(found.hash_attr, hash_key)
        shown = self if name is None else _showing(self, _candidates(self, found, name, page))
    return original(
        shown, hash_key, range_comparison, range_objs, limit, exclusive_start_key, scan_index_forward,
        projection_expressions, index_name, *args, **kwargs,
    )  # fmt: skip


def _orders(table: Table) -> Orders:
    if "orders" not in vars(table):
        vars(table)["orders"] = Orders(table)
    orders: Orders = vars(table)["orders"]
    return orders


def _place(table: Table, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
    if "orders" in vars(table):
        vars(table)["orders"].place(hash_key, range_key, item)


def _candidates(table: Table, order: Order, name: DynamoType, page: _Page) -> Iterator[Item]:
    partition = order.partitions.get(value_of(name), [])
    indices = _indices(order, partition, name, page)
    size = 0
    for count, index in enumerate(range(len(partition)) if indices is None else indices):
        item = writes.current(table, *partition[index][1])
        assert item is not None
        yield item
        size += item.size()
        # One more than fits: moto sees by it that the page is not the last.
        if indices is not None and (count == page.limit or size > RESULT_SIZE_LIMIT):
            return


def _indices(order: Order, partition: Partition, name: DynamoType, page: _Page) -> range | None:
    """Where the page can be, in its direction, and the neighbour after it; None: anywhere.

    The neighbour because moto says that there is more when any item follows, even one outside the condition.
    """
    window = order.window(partition, page.comparison, page.values)
    if window is None:
        return None
    low, high = window
    if page.start:
        position = order.position(page.start)
        given = page.start.get(order.hash_attr)
        if position is None or given is None or value_of(DynamoType(given)) != value_of(name):
            return None
        before, after = order.around(partition, position)
        low, high = (max(low, after), high) if page.forward else (low, min(high, before))
    if low >= high:
        return range(0)
    return (
        range(low, min(high + 1, len(partition))) if page.forward else range(high - 1, max(low - 2, -1), -1)
    )


def _showing(table: Table, items: Iterable[Item]) -> Any:
    view: Any = object.__new__(type(table))
    vars(view).update(vars(table))
    view.items = defaultdict(dict)
    for item in items:
        if table.has_range_key:
            view.items[item.hash_key][item.range_key] = item
        else:
            view.items[item.hash_key] = item
    return view
