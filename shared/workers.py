"""The loop of every queue worker: one failure never stops the next message; none is lost or retried for ever.

A handler returns, or raises `Temporary` (tried again after a pause) or `Permanent` (never again). What cannot
be done goes to the dead-letter queue with the reason, instead of silently running out of receives.
Partial failures: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from shared import aws, clock, context
from shared.config import settings
from shared.errors import AppError, Permanent, Temporary
from shared.logs import log

MAX_RECEIVES = 5
"""As the queues' redrive policies in template.yaml say."""

_LONGEST_PAUSE = 300

_ENOUGH_MS = 9_000
"""Of an invocation's time, for one more message."""

_UNSENDABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""SQS takes the characters of XML 1.0; a reason may quote what a container printed."""


@dataclass(frozen=True)
class Message:
    """A message as its handler sees it. `receives` counts deliveries, this one included."""

    id: str
    body: str
    receives: int


def process(event: dict[str, Any], lambda_context: Any, handle: Callable[[Message], None]) -> Any:
    """The batch response of a queue-triggered Lambda: which messages to deliver again."""

    def attempt(record: SQSRecord) -> None:
        if lambda_context is not None and lambda_context.get_remaining_time_in_millis() < _ENOUGH_MS:
            # Killed in the middle, the whole batch would come back only after the queue's visibility timeout.
            _postpone(record, 1)
            raise Temporary("no time left in this invocation")
        _attempt(record, handle)

    # Powertools raises when all failed; Lambda would then retry the whole batch without our pauses.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(
        event=event, record_handler=attempt, processor=processor, context=lambda_context
    )


def pause_before(receives: int, *, asked: int | None = None) -> int:
    """Seconds until the next delivery: what the handler asked for, at least doubling, at most 5 minutes."""
    return min(max(asked or 0, 1 << receives), _LONGEST_PAUSE)


def _attempt(record: SQSRecord, handle: Callable[[Message], None]) -> None:
    receives = int(record.attributes.approximate_receive_count)
    message = Message(record.message_id, record.body, receives)
    context.enter(_trace_of(record))
    try:
        handle(message)
    except Permanent as error:
        _bury(record, reason=str(error))
    except (Temporary, AppError) as error:
        if receives >= MAX_RECEIVES:
            _bury(record, reason=str(error))
            return
        _postpone(record, pause_before(receives, asked=getattr(error, "retry_in", None)))
        log.warning("message postponed", message_id=record.message_id, receives=receives, reason=str(error))
        raise
    except Exception as error:
        log.exception("message failed", message_id=record.message_id, receives=receives)
        if receives >= MAX_RECEIVES:
            _bury(record, reason=f"{type(error).__name__}: {error}")
            return
        _postpone(record, pause_before(receives))
        raise


def _trace_of(record: SQSRecord) -> context.Trace:
    def attribute(name: str) -> str | None:
        found = record.message_attributes[name]  # None where there is none; its `get` would not wrap it
        return found.string_value if found is not None else None

    correlation_id = context.accepted_id(attribute("correlation_id")) or record.message_id
    traceparent = context.child_of(attribute("traceparent"), fallback=clock.new_id())
    return context.Trace(record.message_id, correlation_id, traceparent)


def _postpone(record: SQSRecord, seconds: int) -> None:
    aws.sqs().change_message_visibility(
        QueueUrl=settings().work_queue_url, ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
    )


def _bury(record: SQSRecord, *, reason: str) -> None:
    log.error("message dead-lettered", message_id=record.message_id, reason=reason)
    aws.sqs().send_message(
        QueueUrl=settings().work_dead_letters_url,
        MessageBody=record.body,
        MessageAttributes={
            "reason": {"DataType": "String", "StringValue": _UNSENDABLE.sub("?", reason)[:1024] or "unknown"},
            "message_id": {"DataType": "String", "StringValue": record.message_id},
        },
    )
