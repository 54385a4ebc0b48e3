"""Time to live: DynamoDB deletes items whose TTL attribute has passed; moto only stores the setting.

https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/__init__.py#L578
Keys are kept in the order in which they expire: a pass costs what has expired, never a scan.
"""

import heapq
from collections.abc import Iterator
from decimal import Decimal

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.aws.mends import writes

# DynamoDB leaves times alone that are more than five years gone, lest a wrong unit empties a table.
_TOO_OLD = 5 * 365 * 86400
# Bounds how long one pass holds the lock.
MOST_AT_ONCE = 500


class _Due:
    """Keys by expiry time. An entry is a hint: the item says whether it still holds."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self._heap: list[tuple[Decimal, int, DynamoType, DynamoType | None]] = []
        self._count = 0

    def note(self, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
        when = self.expires(item)
        if when is not None:
            self._count += 1
            heapq.heappush(self._heap, (when, self._count, hash_key, range_key))

    def expires(self, item: Item | None) -> Decimal | None:
        value = item.attrs.get(self.attribute) if item is not None else None
        return Decimal(value.value) if value is not None and value.type == "N" else None

    def passed(self, now: float) -> Iterator[tuple[Decimal, DynamoType, DynamoType | None]]:
        while self._heap and self._heap[0][0] <= now:
            when, _, hash_key, range_key = heapq.heappop(self._heap)
            if when > now - _TOO_OLD:
                yield when, hash_key, range_key


def install() -> None:
    writes.listeners.append(_note)


def sweep_all(now: float) -> int:
    """One bounded pass over every table; the number of deleted items."""
    deleted = 0
    for regions in list(dynamodb_backends.values()):
        for backend in list(regions.values()):
            for table in list(backend.tables.values()):
                deleted += sweep(table, now, MOST_AT_ONCE - deleted)
    return deleted


def sweep(table: Table, now: float, most: int = MOST_AT_ONCE) -> int:
    due = _due(table)
    deleted = 0
    if due is None or most <= 0:
        return 0
    for when, hash_key, range_key in due.passed(now):
        if due.expires(writes.current(table, hash_key, range_key)) != when:
            continue
        table.delete_item(hash_key, range_key)
        if table.stream_shard is not None:
            # How consumers tell an expiry from a deletion.
            identity = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
            table.stream_shard.items[-1].record["userIdentity"] = identity
        deleted += 1
        if deleted >= most:
            break
    return deleted


def _due(table: Table) -> _Due | None:
    if table.ttl["TimeToLiveStatus"] != "ENABLED":
        return None
    due: _Due | None = vars(table).get("due")
    if due is None or due.attribute != table.ttl["AttributeName"]:
        due = vars(table)["due"] = _Due(table.ttl["AttributeName"])
        for item in table.all_items():
            due.note(item.hash_key, item.range_key, item)
    return due


def _note(table: Table, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
    due: _Due | None = vars(table).get("due")
    if due is not None:
        due.note(hash_key, range_key, item)
