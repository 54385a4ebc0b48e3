"""Waking the reconciler. A wake-up is a hint: losing one costs latency, never correctness, because every
record that needs work is in the due index as well."""

import json
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from shared import aws, context
from shared.config import settings
from shared.logs import log

Kind = Literal["function", "run"]


def wake(kind: Kind, key: str) -> None:
    trace = context.current()
    attributes = {"correlation_id": trace.correlation_id, "traceparent": trace.traceparent}
    try:
        aws.sqs().send_message(
            QueueUrl=settings().work_queue_url,
            MessageBody=json.dumps({"kind": kind, "key": key}),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value
            },
        )
    except (BotoCoreError, ClientError) as error:
        log.warning("wake-up lost; the schedule will find the work", kind=kind, key=key, error=str(error))
