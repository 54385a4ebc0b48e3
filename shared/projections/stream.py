"""The event table's stream, read batch by batch: counters of functions, each event counted once.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBStreamEvent,
)

from shared import clock, context
from shared.errors import AppError
from shared.logs import log
from shared.metrics import rules as metrics_rules
from shared.metrics import service as metrics

GROUP = 25
"""Events that are applied together: up to three items each, of the hundred that a transaction may hold."""


@dataclass(frozen=True)
class Move:
    """What an event does to the counters, with its place in the stream."""

    sequence: str
    event_id: str
    gauges: Sequence[metrics_rules.FunctionGauge]


def handler(event: dict[str, Any], lambda_context: Any) -> dict[str, list[dict[str, str]]]:
    """The Lambda entry: which records, if any, to deliver again. Lambda goes back to the earliest of them."""
    moves: list[Move] = []
    failed: list[str] = []
    for record in DynamoDBStreamEvent(event).records:
        sequence = str(record.dynamodb.sequence_number) if record.dynamodb else ""
        try:
            move = _move_of(record, sequence)
        except Exception:  # noqa: BLE001  # one event of an unknown shape must not hide the others
            log.exception("event not projected", record=record.event_id)
            failed.append(sequence)
            continue
        if move is not None and move.gauges:
            moves.append(move)
    for start in range(0, len(moves), GROUP):
        failed += _applied(moves[start : start + GROUP])
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}


def _move_of(record: DynamoDBRecord, sequence: str) -> Move | None:
    image = record.dynamodb.new_image if record.dynamodb else None
    # An event is written once. What else the stream carries is TTL taking old ones away.
    if not image or record.event_name is None or record.event_name.name != "INSERT":
        return None
    context.enter(context.Trace(image["id"], image.get("correlation_id", ""), image.get("traceparent", "")))
    for prefix, gauges in _PROJECTIONS:
        if image["type"].startswith(prefix):
            return Move(sequence, image["id"], gauges(json.loads(image["data"])))
    return None


def _applied(group: Sequence[Move]) -> list[str]:
    """Sequence numbers of what could not be applied: the whole group, if the database does not answer."""
    try:
        metrics.count_functions({move.event_id: move.gauges for move in group}, now=clock.now())
    except AppError as error:
        log.exception("events not projected", events=len(group), exc_info=error)
        return [move.sequence for move in group]
    return []


_PROJECTIONS: list[tuple[str, Callable[[dict[str, Any]], Sequence[metrics_rules.FunctionGauge]]]] = [
    ("function.", metrics_rules.gauge_changes)
]
