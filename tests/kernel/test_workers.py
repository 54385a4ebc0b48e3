"""What becomes of a queue's messages. Delivery itself is SQS's: here its events are handed to the loop."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shared import aws, clock, context, work, workers
from shared.errors import Conflict, Permanent, Temporary, Unavailable
from shared.workers import MAX_RECEIVES, Message, pause_before
from tests.inprocess import Lambdas

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("receives", "asked", "seconds"),
    [
        pytest.param(1, None, 2, id="first failure"),
        pytest.param(2, None, 4, id="doubles"),
        pytest.param(4, None, 16, id="doubles again"),
        pytest.param(1, 30, 30, id="as asked"),
        pytest.param(5, 10, 32, id="more than asked, when it keeps failing"),
        pytest.param(1, 86400, 300, id="never more than five minutes"),
        pytest.param(1000, None, 300, id="however often"),
        pytest.param(1, 0, 2, id="zero is no pause"),
        pytest.param(1, -5, 2, id="nor is less"),
    ],
)
def test_the_pause_before_the_next_try(receives: int, asked: int | None, seconds: int) -> None:
    assert pause_before(receives, asked=asked) == seconds


@dataclass(frozen=True)
class Queues:
    work: str
    dead: str


@pytest.fixture
def queues(lambdas: Lambdas, configured: Callable[..., None]) -> Queues:
    """Empty ones: a queue may be purged once a minute."""
    names = [f"{noun}-{clock.new_id()}" for noun in ("work", "dead")]
    made = Queues(*(aws.sqs().create_queue(QueueName=name)["QueueUrl"] for name in names))
    configured(WORK_QUEUE_URL=made.work, WORK_DEAD_LETTERS_URL=made.dead)
    return made


@pytest.fixture
def received(queues: Queues) -> Any:
    """Puts bodies on the work queue and receives them, as the event that a Lambda is called with."""
    queue = queues.work

    def receive(*bodies: str, receives: int = 1, **attributes: str) -> dict[str, Any]:
        for body in bodies:
            aws.sqs().send_message(
                QueueUrl=queue,
                MessageBody=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
        got = aws.sqs().receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return {"Records": [_record(message, receives) for message in got["Messages"]]}

    return receive


def _record(message: Any, receives: int) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": "String"}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:work",
        "awsRegion": "eu-central-1",
    }


@pytest.fixture
def buried(queues: Queues) -> Any:
    """The dead letters, as (body, reason)."""

    def read() -> list[tuple[str, str]]:
        got = aws.sqs().receive_message(
            QueueUrl=queues.dead, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            (each["Body"], each["MessageAttributes"]["reason"]["StringValue"])
            for each in got.get("Messages", [])
        ]

    return read


def _again(response: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def _id_of(event: dict[str, Any], body: str) -> str:
    return next(str(record["messageId"]) for record in event["Records"] if record["body"] == body)


def test_one_failure_does_not_stop_the_others(received: Any) -> None:
    event = received("first", "bad", "last")
    handled: list[str] = []

    def handle(message: Message) -> None:
        if message.body == "bad":
            raise Temporary("busy")
        handled.append(message.body)

    assert _again(workers.process(event, None, handle)) == [_id_of(event, "bad")]
    assert sorted(handled) == ["first", "last"]


def test_when_all_fail_each_is_delivered_again_after_its_own_pause(received: Any, lambdas: Lambdas) -> None:
    event = received("one", "two")

    def handle(_: Message) -> None:
        raise Temporary("busy", retry_in=40)

    with lambdas.counted() as calls:
        again = _again(workers.process(event, None, handle))
    assert sorted(again) == sorted(record["messageId"] for record in event["Records"])
    assert calls["ChangeMessageVisibility"] == 2


@pytest.mark.parametrize(
    "failure", [Temporary("busy"), Unavailable("no answer"), Conflict("moved"), ValueError("a bug")]
)
def test_what_may_pass_is_tried_again(failure: Exception, received: Any, buried: Any) -> None:
    def handle(_: Message) -> None:
        raise failure

    assert len(_again(workers.process(received("m", receives=MAX_RECEIVES - 1), None, handle))) == 1
    assert buried() == []


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Temporary("the cluster is busy"), "the cluster is busy"),
        (Unavailable("no answer"), "no answer"),
        (ValueError("a bug"), "ValueError: a bug"),
    ],
)
def test_after_the_last_try_it_is_buried_with_the_reason(
    failure: Exception, reason: str, received: Any, buried: Any
) -> None:
    def handle(_: Message) -> None:
        raise failure

    assert _again(workers.process(received("m", receives=MAX_RECEIVES), None, handle)) == []
    assert buried() == [("m", reason)]


def test_what_can_never_be_done_is_buried_at_once(received: Any, buried: Any) -> None:
    def handle(_: Message) -> None:
        raise Permanent("image does not exist")

    assert _again(workers.process(received("m"), None, handle)) == []
    assert buried() == [("m", "image does not exist")]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "unknown"),
        ("x" * 5000, "x" * 1024),
        ("bell \a and zero \0", "bell ? and zero ?"),
        ("\ud800 half", "? half"),
        ("naïve \N{GRINNING FACE}\ttab", "naïve \N{GRINNING FACE}\ttab"),
    ],
)
def test_any_reason_can_be_sent(said: str, reason: str, received: Any, buried: Any) -> None:
    def handle(_: Message) -> None:
        raise Permanent(said)

    workers.process(received("m"), None, handle)
    assert buried() == [("m", reason)]


def test_a_message_that_cannot_be_buried_is_kept(received: Any, lambdas: Lambdas) -> None:
    event = received("m")

    def handle(_: Message) -> None:
        lambdas.broken.add("sqs")
        raise Permanent("never")

    try:
        assert len(_again(workers.process(event, None, handle))) == 1
    finally:
        lambdas.broken.clear()


def test_a_handler_works_in_the_trace_of_whoever_sent_the_message(received: Any) -> None:
    seen: list[context.Trace] = []
    event = received("m", correlation_id="order-17", traceparent=TRACE)
    workers.process(event, None, lambda _: seen.append(context.current()))
    assert seen == [context.Trace(event["Records"][0]["messageId"], "order-17", TRACE)]


def test_a_message_without_a_trace_begins_one(received: Any) -> None:
    seen: list[context.Trace] = []
    event = received("m", correlation_id="not an id")
    workers.process(event, None, lambda _: seen.append(context.current()))
    assert seen[0].correlation_id == event["Records"][0]["messageId"]
    assert seen[0].traceparent.startswith("00-")


def test_a_handler_knows_how_often_it_was_tried(received: Any) -> None:
    seen: list[int] = []
    workers.process(received("m", receives=3), None, lambda message: seen.append(message.receives))
    assert seen == [3]


def test_a_wake_up_says_what_and_who(queues: Queues) -> None:
    context.enter(context.Trace("r", "order-17", TRACE))
    work.wake("run", "42")
    (message,) = aws.sqs().receive_message(QueueUrl=queues.work, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"]) == {"kind": "run", "key": "42"}
    assert message["MessageAttributes"]["correlation_id"]["StringValue"] == "order-17"
    assert message["MessageAttributes"]["traceparent"]["StringValue"] == TRACE


def test_a_wake_up_may_be_lost(lambdas: Lambdas) -> None:
    with lambdas.without("sqs"):
        work.wake("run", "42")
