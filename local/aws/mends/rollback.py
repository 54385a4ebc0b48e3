"""All or nothing for the items that a request names, at the price of copying those items only."""

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.aws.mends.writes import current, written

Key = dict[str, Any]


@dataclass(frozen=True)
class _Before:
    table: Table
    hash_key: DynamoType
    range_key: DynamoType | None
    item: Item | None

    def restore(self) -> None:
        items: Any = self.table.items
        if self.range_key is not None and self.item is not None:
            items[self.hash_key][self.range_key] = self.item
        elif self.range_key is not None:
            items[self.hash_key].pop(self.range_key, None)
        elif self.item is not None:
            items[self.hash_key] = self.item
        else:
            items.pop(self.hash_key, None)
        written(self.table, self.hash_key, self.range_key)


@contextmanager
def rolled_back_on_failure(touched: Iterable[tuple[Table, Key]]) -> Iterator[None]:
    before = [state for table, key in touched for state in _states(table, key)]
    shards = {id(state.table): state.table.stream_shard for state in before if state.table.stream_shard}
    ends = {name: shard.starting_sequence_number + len(shard.items) for name, shard in shards.items()}
    try:
        yield
    except BaseException:
        for state in reversed(before):
            state.restore()
        for name, shard in shards.items():
            del shard.items[max(0, ends[name] - shard.starting_sequence_number) :]
        raise


def _states(table: Table, key: Key) -> list[_Before]:
    # A malformed key is moto's to refuse.
    if not all(isinstance(key.get(name), dict) and key[name] for name in table.table_key_attrs):
        return []
    hash_key = DynamoType(key[table.hash_key_attr])
    range_key = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    return [_Before(table, hash_key, range_key, copy.deepcopy(current(table, hash_key, range_key)))]
