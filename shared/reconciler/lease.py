"""Which process watches: one row that is held for a few seconds at a time.

Each acquisition raises the fence, and records refuse writes below the highest fence they have seen: a process
that was frozen past its lease cannot overwrite what its successor found out. The first fence is the time: if
this row is lost while records stay (a restored table, a new stack on old ones), fences still only grow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from shared import clock
from shared.store import ConditionFailed, Row, Table, translated

_KEY = "lease#reconciler"

HELD = timedelta(seconds=15)
RENEWED_EVERY = timedelta(seconds=5)


class LeaseRow(Row):
    class Meta:
        table_name = Table("control_table")

    key = UnicodeAttribute(hash_key=True)
    holder = UnicodeAttribute(null=True)
    until = UnicodeAttribute(null=True)
    fence = NumberAttribute(null=True)


@dataclass(frozen=True)
class Lease:
    holder: str
    fence: int
    until: datetime


def acquire(holder: str, *, now: datetime) -> Lease | None:
    """None: somebody else holds it."""
    until = now + HELD
    row = LeaseRow(_KEY)
    try:
        with translated():
            row.update(
                actions=[
                    LeaseRow.holder.set(holder),
                    LeaseRow.until.set(clock.iso(until)),
                    LeaseRow.fence.set((LeaseRow.fence | int(now.timestamp())) + 1),
                ],
                condition=LeaseRow.until.does_not_exist() | (LeaseRow.until <= clock.iso(now)),
            )
    except ConditionFailed:
        return None
    return Lease(holder, int(row.fence or 0), until)


def renew(lease: Lease, *, now: datetime) -> Lease | None:
    """None: it was lost; whatever is under way must stop writing."""
    return _moved(lease, until=now + HELD)


def release(lease: Lease, *, now: datetime) -> None:
    """So that the next one need not wait for it to run out."""
    _moved(lease, until=now)


def _moved(lease: Lease, *, until: datetime) -> Lease | None:
    try:
        with translated():
            LeaseRow(_KEY).update(
                actions=[LeaseRow.until.set(clock.iso(until))], condition=LeaseRow.fence == lease.fence
            )
    except ConditionFailed:
        return None
    return Lease(lease.holder, lease.fence, until)
