"""The functions' table. A live function lies at (owner, name); a deleted one moves aside: its name is free.

`due` is the reconciler's index: what to look at next, in order of time, spread over a few keys.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from shared import clock
from shared.errors import Conflict
from shared.functions.models import Function, is_name
from shared.functions.rules import unknown
from shared.models import Page
from shared.store import Row, Table, Transaction, cursor_of, key_of, translated, versioned

SHARDS = 4

DUE_PAGE = 200

PAGE_BYTES = 4 * 1024 * 1024
"""Lambda answers with 6 MB at most, and JSON escapes."""

_GONE = "~"
"""Begins the key of a deleted function. No name does."""


class _ByCreated(GlobalSecondaryIndex["FunctionRow"]):
    class Meta:
        index_name = "by_created"
        projection = AllProjection()

    listed_under = UnicodeAttribute(hash_key=True)
    created = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["FunctionRow"]):
    class Meta:
        index_name = "due"
        projection = AllProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class FunctionRow(Row):
    class Meta:
        table_name = Table("functions_table")

    owner = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    listed_under = UnicodeAttribute(null=True)
    created = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    fence = NumberAttribute(default=0)
    document = UnicodeAttribute()
    expires_at = NumberAttribute(null=True)
    version = VersionAttribute()
    by_created = _ByCreated()
    due = _Due()


def add(write: Transaction, function: Function) -> None:
    taken = f"function '{function.name}' already exists in namespace '{function.namespace}'"
    write.put(_row(function), FunctionRow.key.does_not_exist(), otherwise=Conflict(taken))


def replace(write: Transaction, function: Function, *, expires: datetime | None = None) -> None:
    """Saves over the version that was read, unless a newer reconciler (a higher fence) has written since."""
    row = _row(function)
    row.expires_at = int(expires.timestamp()) if expires else None
    write.put(row, FunctionRow.fence <= function.fence)


def replace_alone(function: Function) -> None:
    """`replace` for a change that is no event: at half the price of a transaction.

    If the answer is lost, the retry finds its own write and raises ConditionFailed: read again.
    """
    with translated():
        _row(function).save(FunctionRow.fence <= function.fence)


def move_aside(write: Transaction, function: Function) -> None:
    """The live record becomes a deleted one under another key."""
    live = FunctionRow(function.owner, function.name, version=function.version)
    write.delete(live)
    write.put(_row(function.model_copy(update={"version": None})), FunctionRow.key.does_not_exist())


def get(owner: str, name: str) -> Function | None:
    try:
        with translated():
            return _function(FunctionRow.get(owner, name, consistent_read=True))
    except FunctionRow.DoesNotExist:
        return None


def get_or_raise(owner: str, name: str) -> Function:
    """For names as callers send them: what is none might be the key of a deleted record, or too long."""
    function = get(owner, name) if is_name(name) else None
    if function is None:
        raise unknown(name)
    return function


def leaving(owner: str, name: str) -> list[Function]:
    """Deleted functions of that name which the cluster may still hold."""
    with translated():
        rows = FunctionRow.query(
            owner, FunctionRow.key.startswith(f"{_GONE}{name}{_GONE}"), consistent_read=True
        )
        return [function for function in map(_function, rows) if function.due_at is not None]


def many(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Function]:
    with translated():
        found = [_function(row) for row in FunctionRow.batch_get(list(keys), consistent_read=True)]
    return {(function.owner, function.name): function for function in found}


def page(owner: str, *, limit: int, cursor: str | None = None, skip: int = 0) -> Page[Function]:
    """A tenant's live functions, newest first, at most PAGE_BYTES of them (and one).

    `skip` reads what it skips: the quota bounds the cost.
    """
    start = key_of(cursor, within={"listed_under": owner, "owner": owner}, names={"key", "created"})
    with translated():
        rows = FunctionRow.by_created.query(
            owner, scan_index_forward=False, limit=skip + limit, last_evaluated_key=start
        )
        functions: list[Function] = []
        size = 0
        for row in islice(rows, skip, None):
            functions.append(_function(row))
            size += len(row.document)
            if size > PAGE_BYTES:
                break
        return Page(items=tuple(functions), next=cursor_of(rows.last_evaluated_key))


def due(shard: int, now: datetime) -> Iterator[Function]:
    """What the reconciler should look at, longest waiting first, read as it is taken. May be a little old."""
    with translated():
        rows = FunctionRow.due.query(str(shard), FunctionRow.due_at <= clock.iso(now), page_size=DUE_PAGE)
        yield from map(_function, rows)


def _row(function: Function) -> FunctionRow:
    live = function.deleted_at is None
    return FunctionRow(
        owner=function.owner,
        key=function.name if live else f"{_GONE}{function.name}{_GONE}{function.id}",
        listed_under=function.owner if live else None,
        created=f"{clock.iso(function.created_at)}#{function.id}",
        due_shard=str(zlib.crc32(function.owner.encode()) % SHARDS) if function.due_at else None,
        due_at=clock.iso(function.due_at) if function.due_at else None,
        fence=function.fence,
        document=json.dumps(function.model_dump(mode="json", exclude={"version"}), separators=(",", ":")),
        **versioned(function.version),
    )


def _function(row: FunctionRow) -> Function:
    return Function.model_validate(json.loads(row.document) | {"version": int(row.version)})
