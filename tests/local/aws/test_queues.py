"""SQS: visibility, redrive, delays and long polls, at a cost that does not grow with the queue."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core import utils
from moto.sqs.models import SQSBackend

from local.aws.connection import serving
from local.aws.mends import queues


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Milliseconds; a test moves them."""
    now = [1_700_000_000_000.0]
    monkeypatch.setattr(queues, "unix_time_millis", lambda: now[0])
    monkeypatch.setattr("moto.sqs.models.unix_time_millis", lambda: now[0])
    assert utils.unix_time_millis() != now[0]
    return now


@pytest.fixture
def sqs(client: Callable[[str], Any], clock: list[float]) -> Any:
    return client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    url: str = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    return url


def receive(sqs: Any, queue: str, count: int = 10, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=count, AttributeNames=["All"], **more
    ).get("Messages", [])
    return found


def depths(sqs: Any, queue: str) -> tuple[int, int, int]:
    """Visible, in flight, delayed."""
    names = ("", "NotVisible", "Delayed")
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    visible, hidden, delayed = (int(attributes[f"ApproximateNumberOfMessages{name}"]) for name in names)
    return visible, hidden, delayed


def test_a_received_message_is_hidden_until_its_time_is_up(sqs: Any, queue: str, clock: list[float]) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    [first] = receive(sqs, queue)
    assert receive(sqs, queue) == []
    assert depths(sqs, queue) == (0, 1, 0)
    clock[0] += 30_001
    assert depths(sqs, queue) == (1, 0, 0)
    [second] = receive(sqs, queue)
    assert second["MessageId"] == first["MessageId"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


@pytest.mark.parametrize(("seconds", "again_after"), [(0, 1), (5, 5_001), (60, 60_001)])
def test_visibility_can_be_changed_in_flight(
    sqs: Any, queue: str, clock: list[float], seconds: int, again_after: int
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    [message] = receive(sqs, queue)
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
    )
    clock[0] += again_after - 2
    if seconds:
        assert depths(sqs, queue) == (0, 1, 0)
        assert receive(sqs, queue) == []
    clock[0] += 2
    assert len(receive(sqs, queue)) == 1
    assert receive(sqs, queue) == [], "an older entry of the same message came up"
    clock[0] += 29_000
    assert receive(sqs, queue) == []


def test_a_delayed_message_waits(sqs: Any, queue: str, clock: list[float]) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a", DelaySeconds=10)
    assert receive(sqs, queue) == []
    assert depths(sqs, queue) == (0, 0, 1)
    clock[0] += 10_001
    assert depths(sqs, queue) == (1, 0, 0)
    assert len(receive(sqs, queue)) == 1


def test_a_message_is_gone_once_deleted_and_may_be_deleted_twice(
    sqs: Any, queue: str, clock: list[float]
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    [first] = receive(sqs, queue)
    clock[0] += 31_000
    receive(sqs, queue)
    for _ in range(2):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    clock[0] += 31_000
    assert receive(sqs, queue) == []
    assert depths(sqs, queue) == (0, 0, 0)
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="made up")


def test_a_message_received_too_often_moves_to_the_dead_letters(
    sqs: Any, queue: str, clock: list[float]
) -> None:
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison")
    sqs.send_message(QueueUrl=queue, MessageBody="slow")
    for _ in range(2):
        assert {message["Body"] for message in receive(sqs, queue)} == {"poison", "slow"}
        clock[0] += 31_000
    assert receive(sqs, queue) == []
    assert depths(sqs, queue) == (0, 0, 0)
    moved = receive(sqs, dead)
    assert {message["Body"] for message in moved} == {"poison", "slow"}
    assert sent["MessageId"] in {message["MessageId"] for message in moved}


def test_messages_past_their_retention_are_dropped(sqs: Any, queue: str, clock: list[float]) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    sqs.send_message(QueueUrl=queue, MessageBody="old")
    clock[0] += 59_000
    sqs.send_message(QueueUrl=queue, MessageBody="young")
    clock[0] += 2_000
    assert [message["Body"] for message in receive(sqs, queue)] == ["young"]


def test_attributes_come_as_asked(sqs: Any, queue: str) -> None:
    attributes = {
        name: {"DataType": "String", "StringValue": name} for name in ("trace.id", "trace.span", "other")
    }
    sqs.send_message(QueueUrl=queue, MessageBody="a", MessageAttributes=attributes)
    [some] = receive(sqs, queue, MessageAttributeNames=["trace.*"], VisibilityTimeout=0)
    [every] = receive(sqs, queue, MessageAttributeNames=["All"])
    assert some["MessageAttributes"].keys() == {"trace.id", "trace.span"}
    assert every["MessageAttributes"] == attributes


def test_purging_empties_the_queue(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    sqs.send_message(QueueUrl=queue, MessageBody="b", DelaySeconds=5)
    sqs.purge_queue(QueueUrl=queue)
    assert depths(sqs, queue) == (0, 0, 0)
    sqs.send_message(QueueUrl=queue, MessageBody="c")
    assert [message["Body"] for message in receive(sqs, queue)] == ["c"]


def test_fifo_queues_keep_their_order_and_their_groups(client: Callable[[str], Any]) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(
        QueueName="work.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    for body in "aab":
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    [first] = receive(sqs, url, 1)
    assert first["Body"] == "a"
    assert receive(sqs, url, 1) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert [message["Body"] for message in receive(sqs, url)] == ["b"]


def test_a_backlog_does_not_make_a_send_or_a_receive_dearer(mended: None) -> None:
    backend = SQSBackend("eu-central-1", "123456789012")
    backend.create_queue("work")
    steps = []
    for size in (100, 5_000):
        for _ in range(len(backend.get_queue("work")._messages), size):
            backend.send_message("work", "x")
        steps.append(
            _lines_run(lambda: (backend.send_message("work", "x"), backend.receive_message("work", 10, 0, 0)))
        )
    assert steps[1] <= 1.5 * steps[0]


def _lines_run(action: Callable[[], object]) -> int:
    """How many lines of Python an action takes: the same on a busy machine."""
    count = 0

    def trace(*_: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def test_a_long_poll_is_answered_when_a_message_arrives(remote: Callable[[str], Any]) -> None:
    sqs = remote("sqs")
    url = sqs.create_queue(QueueName="polled")["QueueUrl"]
    answer: list[dict[str, Any]] = []
    poll = threading.Thread(target=lambda: answer.extend(receive(sqs, url, WaitTimeSeconds=20)))
    poll.start()
    while not poll.is_alive():
        time.sleep(0.01)
    sent = time.monotonic()
    sqs.send_message(QueueUrl=url, MessageBody="a")
    poll.join(15)
    assert [message["Body"] for message in answer] == ["a"]
    assert time.monotonic() - sent < 15, "the poll ran into its own end"


def test_a_long_poll_whose_client_left_takes_no_message(mended: None) -> None:
    backend = SQSBackend("eu-central-1", "123456789012")
    backend.create_queue("work")
    server_side, client_side = socket.socketpair()
    taken: list[Any] = []

    def poll() -> None:
        with serving(server_side):
            taken.append(backend.receive_message("work", 10, 20, 30))

    thread = threading.Thread(target=poll)
    thread.start()
    client_side.close()
    backend.send_message("work", "a")
    thread.join(10)
    server_side.close()
    assert taken == [[]]
    assert len(backend.receive_message("work", 10, 0, 30)) == 1
