"""From a queue to a function: the shape of the event, and what happens to messages that fail."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from local.template import QueueSource

Client = Callable[[str], Any]
WHOLE = QueueSource("Queue", batch_size=10, window=0.0, partial_failures=False)
PARTIAL = QueueSource("Queue", batch_size=10, window=0.0, partial_failures=True)


def send(aws: Client, stack: Any, *bodies: str) -> None:
    for body in bodies:
        aws("sqs").send_message(QueueUrl=stack.url("Queue"), MessageBody=body)


def bodies(event: dict[str, Any]) -> list[str]:
    return [record["body"] for record in event["Records"]]


def waiting(aws: Client, stack: Any, queue: str = "Queue") -> int:
    attributes = aws("sqs").get_queue_attributes(QueueUrl=stack.url(queue), AttributeNames=["All"])[
        "Attributes"
    ]
    return sum(
        int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed")
    )


def test_the_event_is_the_one_that_lambda_makes(aws: Client, stack: Any) -> None:
    events: list[dict[str, Any]] = []

    async def handler(event: dict[str, Any]) -> None:
        events.append(event)

    sent = aws("sqs").send_message(
        QueueUrl=stack.url("Queue"),
        MessageBody="hello",
        MessageAttributes={
            "traceparent": {"DataType": "String", "StringValue": "00-1"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    stack.play(handler, WHOLE, until=lambda: bool(events))
    [record] = events[0]["Records"]
    assert record.pop("receiptHandle")
    attributes = record.pop("attributes")
    assert attributes.pop("SentTimestamp").isdigit()
    assert attributes.pop("ApproximateFirstReceiveTimestamp").isdigit()
    assert attributes.keys() == {"ApproximateReceiveCount", "SenderId"}
    assert attributes["ApproximateReceiveCount"] == "1"
    assert record == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "messageAttributes": {
            "traceparent": {
                "stringValue": "00-1",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "raw": {
                "binaryValue": "AP8=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{stack.name}-queue",
        "awsRegion": "eu-central-1",
    }


def test_messages_that_succeeded_are_deleted(aws: Client, stack: Any) -> None:
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(bodies(event))

    send(aws, stack, *"abc")
    stack.play(handler, WHOLE, until=lambda: waiting(aws, stack) == 0)
    assert sorted(seen) == ["a", "b", "c"]


def test_only_the_failed_messages_come_again(aws: Client, stack: Any) -> None:
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> dict[str, Any]:
        seen.extend(bodies(event))
        failed = [
            record["messageId"]
            for record in event["Records"]
            if record["body"] == "b" and seen.count("b") < 2
        ]
        return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}

    send(aws, stack, *"abc")
    stack.play(handler, PARTIAL, until=lambda: waiting(aws, stack) == 0)
    assert sorted(seen) == ["a", "b", "b", "c"]


@pytest.mark.parametrize("source", [WHOLE, PARTIAL])
def test_after_a_crash_all_come_again_and_end_as_dead_letters(
    aws: Client, stack: Any, source: QueueSource
) -> None:
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(bodies(event))
        raise RuntimeError("crashed")

    send(aws, stack, "a", "b")
    stack.play(handler, source, until=lambda: waiting(aws, stack, "Dead") == 2)
    assert sorted(seen) == ["a", "a", "b", "b"], "maxReceiveCount is 2"
    assert waiting(aws, stack) == 0


def test_a_window_makes_fuller_batches_up_to_the_batch_size(aws: Client, stack: Any) -> None:
    sizes: list[int] = []

    async def handler(event: dict[str, Any]) -> None:
        sizes.append(len(event["Records"]))

    source = QueueSource("Queue", batch_size=15, window=5.0, partial_failures=False)
    send(aws, stack, *map(str, range(15)))
    stack.play(handler, source, until=lambda: sum(sizes) == 15)
    assert sizes == [15]


def test_no_more_batches_at_once_than_the_mapping_allows(aws: Client, stack: Any) -> None:
    now: set[str] = set()
    most: list[int] = []
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> None:
        [body] = bodies(event)
        now.add(body)
        most.append(len(now))
        await asyncio.sleep(0.05)
        now.discard(body)
        seen.append(body)

    source = QueueSource("Queue", batch_size=1, window=0.0, partial_failures=False, concurrency=3)
    send(aws, stack, *map(str, range(9)))
    stack.play(handler, source, until=lambda: len(set(seen)) == 9)
    assert max(most) == 3


def test_messages_that_wait_for_a_fuller_batch_are_given_back_when_the_platform_stops(
    aws: Client, stack: Any
) -> None:
    async def handler(_: dict[str, Any]) -> None:
        raise AssertionError("the window was not waited for")

    def one_is_taken() -> bool:
        url = stack.url("Queue")
        attributes = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return bool(attributes["ApproximateNumberOfMessagesNotVisible"] == "1")

    source = QueueSource("Queue", batch_size=10, window=60.0, partial_failures=False)
    aws("sqs").set_queue_attributes(QueueUrl=stack.url("Queue"), Attributes={"VisibilityTimeout": "600"})
    send(aws, stack, "a")
    stack.play(handler, source, until=one_is_taken)
    again = aws("sqs").receive_message(QueueUrl=stack.url("Queue"))["Messages"]
    assert [message["Body"] for message in again] == ["a"]


def test_messages_in_work_are_given_back_when_the_platform_stops(aws: Client, stack: Any) -> None:
    sqs = aws("sqs")
    sqs.set_queue_attributes(QueueUrl=stack.url("Queue"), Attributes={"VisibilityTimeout": "600"})
    started: list[str] = []

    async def handler(event: dict[str, Any]) -> None:
        started.extend(bodies(event))
        await asyncio.sleep(600)

    send(aws, stack, "a")
    stack.play(handler, WHOLE, until=lambda: bool(started))
    again = sqs.receive_message(QueueUrl=stack.url("Queue"))["Messages"]
    assert [message["Body"] for message in again] == ["a"]
