"""Counters that outlive a Lambda: one atomic ADD a request, spread over a few keys, never scanned."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from shared import aws
from shared.metrics.rules import (
    BUCKETS,
    SHARDS,
    FunctionGauge,
    RequestCount,
    bucket_of,
    merged_gauges,
    shard_of,
)
from shared.store import ConditionFailed, Row, Table, client, transaction, translated

_REQUESTS, _FUNCTIONS = "requests", "functions"
_MARK_LIFETIME = timedelta(days=2)
"""A stream keeps its records for a day, so no event comes back later than that."""


class MetricRow(Row):
    """`requests` rows use tally, seconds and the buckets; `functions` rows use tally alone."""

    class Meta:
        table_name = Table("metrics_table")

    shard = UnicodeAttribute(hash_key=True)
    series = UnicodeAttribute(range_key=True)
    tally = NumberAttribute(default=0)
    seconds = NumberAttribute(default=0)


class MarkRow(Row):
    """An event that a projection has counted. Streams deliver at least once."""

    class Meta:
        table_name = Table("control_table")

    key = UnicodeAttribute(hash_key=True)
    expires_at = NumberAttribute()


def add_request(method: str, endpoint: str, status: int, seconds: float, *, key: str) -> None:
    """Once or not at all: a retry might count twice, and nobody waits for it. Raises AwsError."""
    bucket = bucket_of(seconds)
    added = f"ADD tally :one, seconds :seconds{f', b{bucket} :one' if bucket is not None else ''}"
    series = "#".join((_REQUESTS, method, endpoint, str(status)))
    update = {
        "TableName": MetricRow.Meta.table_name,
        "Key": {"shard": {"S": shard_of(key)}, "series": {"S": series}},
        "UpdateExpression": added,
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":seconds": {"N": f"{seconds:.6f}"}},
    }
    aws.call("dynamodb", "UpdateItem", update, patience=aws.HASTY)


def move_gauges(moves: Mapping[str, Iterable[FunctionGauge]], *, now: datetime) -> bool:
    """All that these events (by id) do, or nothing and False if one of them was counted before."""
    expires = int((now + _MARK_LIFETIME).timestamp())
    changes = merged_gauges(change for gauges in moves.values() for change in gauges)
    try:
        with transaction() as write:
            for event_id in moves:
                write.put(MarkRow(f"counted#{event_id}", expires_at=expires), MarkRow.key.does_not_exist())
            for change in changes:
                series = "#".join((_FUNCTIONS, change.namespace, change.status))
                row = MetricRow(shard_of(change.namespace), series)
                write.update(row, actions=[MetricRow.tally.add(change.value)])
    except ConditionFailed:
        return False
    return True


def everything() -> tuple[list[RequestCount], list[FunctionGauge]]:
    requests: list[RequestCount] = []
    gauges: list[FunctionGauge] = []
    for shard in range(SHARDS):
        for item in _items(str(shard)):
            kind, *labels = item["series"]["S"].split("#")
            total = int(item.get("tally", {}).get("N", 0))
            if kind == _REQUESTS:
                buckets = tuple(int(item.get(f"b{index}", {}).get("N", 0)) for index in range(len(BUCKETS)))
                method, endpoint, status = labels
                seconds = float(item["seconds"]["N"])
                requests.append(RequestCount(method, endpoint, status, total, seconds, buckets))
            elif kind == _FUNCTIONS:
                namespace, status = labels
                gauges.append(FunctionGauge(namespace, status, total))
    return requests, gauges


def _items(shard: str) -> Iterable[dict[str, Any]]:
    pages = (
        client()
        .get_paginator("query")
        .paginate(
            TableName=MetricRow.Meta.table_name,
            KeyConditionExpression="shard = :shard",
            ExpressionAttributeValues={":shard": {"S": shard}},
        )
    )
    with translated():
        for page in pages:
            yield from page["Items"]
