"""The event log's table: append-only, one item an event, a stream that feeds every projection."""

import json
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from shared import clock, context
from shared.config import settings
from shared.events.models import Fact
from shared.store import Row, Table, Transaction


class EventRow(Row):
    class Meta:
        table_name = Table("events_table")

    id = UnicodeAttribute(hash_key=True)
    type = UnicodeAttribute()
    schema_version = NumberAttribute()
    aggregate = UnicodeAttribute()
    owner = UnicodeAttribute()
    occurred_at = UnicodeAttribute()
    correlation_id = UnicodeAttribute(null=True)
    traceparent = UnicodeAttribute(null=True)
    data = UnicodeAttribute()
    expires_at = NumberAttribute()


def append(write: Transaction, fact: Fact, *, now: datetime) -> None:
    """Adds the fact to the transaction of its change: both are written, or neither."""
    trace = context.current()
    expires = now + timedelta(days=settings().event_retention_days)
    row = EventRow(
        id=clock.new_id(),
        type=fact.type,
        schema_version=fact.version,
        aggregate=f"{fact.aggregate_kind}#{fact.id}",
        owner=fact.owner,
        occurred_at=clock.iso(now),
        correlation_id=trace.correlation_id or None,
        traceparent=trace.traceparent or None,
        data=json.dumps(fact.model_dump(mode="json"), separators=(",", ":")),
        expires_at=int(expires.timestamp()),
    )
    write.put(row, EventRow.id.does_not_exist())
