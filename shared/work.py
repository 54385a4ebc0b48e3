"""Waking the reconciler. A wake-up is a hint: losing one costs latency, never correctness, because every
record that needs work is in the due index as well."""

import json
from typing import Literal

from shared import aws, context
from shared.config import settings
from shared.logs import log

Kind = Literal["function", "run"]


def wake(kind: Kind, key: str) -> None:
    trace = context.current()
    ids = {"correlation_id": trace.correlation_id, "traceparent": trace.traceparent}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in ids.items() if value}
    message = {
        "QueueUrl": settings().work_queue_url,
        "MessageBody": json.dumps({"kind": kind, "key": key}),
        "MessageAttributes": attributes,
    }
    try:
        aws.call("sqs", "SendMessage", message)
    except aws.AwsError as error:
        log.warning("wake-up lost; the schedule will find the work", kind=kind, key=key, error=str(error))
