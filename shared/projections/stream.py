"""The event table's stream, read batch by batch. Each projection is a function of the event, and idempotent.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from shared import clock, context
from shared.logs import log
from shared.metrics import service as metrics


@dataclass(frozen=True)
class Appended:
    """An event as the stream delivers it."""

    id: str
    type: str
    data: dict[str, Any]


def handler(event: dict[str, Any], lambda_context: Any) -> Any:
    """The Lambda entry: which records, if any, to deliver again."""
    processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
    return process_partial_response(
        event=event, record_handler=_project, processor=processor, context=lambda_context
    )


def _project(record: DynamoDBRecord) -> None:
    try:
        _apply(record)
    except Exception:
        # Powertools turns it into a partial failure without a word.
        log.exception("event not projected", record=record.event_id)
        raise


def _apply(record: DynamoDBRecord) -> None:
    image = record.dynamodb.new_image if record.dynamodb else None
    # An event is written once. What else the stream carries is TTL taking old ones away.
    if not image or record.event_name is None or record.event_name.name != "INSERT":
        return
    appended = Appended(image["id"], image["type"], json.loads(image["data"]))
    context.enter(context.Trace(appended.id, image.get("correlation_id", ""), image.get("traceparent", "")))
    for prefix, project in _PROJECTIONS:
        if appended.type.startswith(prefix):
            project(appended)


def _count_functions(appended: Appended) -> None:
    metrics.count_function_event(appended.id, appended.data, now=clock.now())


_PROJECTIONS: list[tuple[str, Callable[[Appended], None]]] = [("function.", _count_functions)]
