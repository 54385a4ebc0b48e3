"""The stream of events, delivered as DynamoDB Streams would: at least once, in any order."""

from collections.abc import Callable
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from handlers.workers import project
from shared.metrics import service as metrics
from tests.inprocess import Lambdas, User

HELLO = {"name": "hello", "image": "nginx"}


def record(image: dict[str, Any], *, name: str = "INSERT", number: int = 1) -> dict[str, Any]:
    serialise = TypeSerializer().serialize
    half = {
        "NewImage" if name != "REMOVE" else "OldImage": {
            key: serialise(value) for key, value in image.items()
        }
    }
    return {
        "eventID": f"e{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {"Keys": {"id": {"S": image["id"]}}, "SequenceNumber": str(number), **half},
    }


def deliver(*records: dict[str, Any]) -> list[str]:
    """Sequence numbers that are to be delivered again."""
    answer = project.handler({"Records": list(records)}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def shown(lambdas: Lambdas, carol: User) -> Callable[[], dict[str, int]]:
    """How many functions of carol's the page shows, by status."""

    def read() -> dict[str, int]:
        lines = lambdas("GET", "/metrics").text.splitlines()
        begin = f'eventflow_functions_total{{namespace="{carol.namespace}",status="'
        mine = [line.removeprefix(begin).partition('"} ') for line in lines if line.startswith(begin)]
        return {status: int(value) for status, _, value in mine}

    return read


def test_functions_are_counted_by_status(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    for name in ("a", "b"):
        lambdas("POST", "/v1/functions", as_=carol, json=HELLO | {"name": name})
    lambdas("DELETE", "/v1/functions/b", as_=carol)
    assert deliver(*map(record, lambdas.events_of(carol))) == []
    assert shown() == {"Pending": 1}


def test_what_is_delivered_twice_is_counted_once(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    (event,) = lambdas.events_of(carol)
    assert deliver(record(event), record(event, number=2)) == []
    assert deliver(record(event)) == []
    assert shown() == {"Pending": 1}


def test_the_order_of_delivery_changes_nothing(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    created, deleted = lambdas.events_of(carol)
    deliver(record(deleted))
    assert shown() == {"Pending": 0}, "never less than none"
    deliver(record(created))
    assert shown() == {"Pending": 0}


@pytest.mark.parametrize("name", ["REMOVE", "MODIFY"])
def test_only_what_is_new_counts(
    name: str, lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    (event,) = lambdas.events_of(carol)
    assert deliver(record(event, name=name)) == []
    assert shown() == {}


def test_events_that_no_projection_wants_are_passed_over(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    (event,) = lambdas.events_of(carol)
    assert deliver(record(event | {"type": "run.completed"})) == []
    assert shown() == {}


def test_one_failure_is_delivered_again_and_told(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b"):
        lambdas("POST", "/v1/functions", as_=carol, json=HELLO | {"name": name})
    one, other = lambdas.events_of(carol)
    broken = one | {"data": "{"}
    assert deliver(record(broken, number=7), record(other, number=8)) == ["7"]
    assert "event not projected" in caplog.text
    assert deliver(record(one, number=7)) == []
    assert shown() == {"Pending": 2}


def test_without_the_database_all_is_delivered_again(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    (event,) = lambdas.events_of(carol)
    with lambdas.without("dynamodb"):
        assert deliver(record(event)) == ["1"]
    assert deliver(record(event)) == []
    assert shown() == {"Pending": 1}


def test_an_event_of_an_unknown_shape_from_the_future_is_told_not_lost(lambdas: Lambdas, carol: User) -> None:
    image = {"id": "x", "type": "function.paused", "data": '{"status":"Paused"}'}
    assert deliver(record(image)) == ["1"]
    assert metrics.page()


def test_many_events_are_counted_by_few_writes(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    for number in range(30):
        lambdas("POST", "/v1/functions", as_=carol, json=HELLO | {"name": f"f{number}"})
    with lambdas.counted() as calls:
        assert deliver(*(record(event, number=n) for n, event in enumerate(lambdas.events_of(carol)))) == []
    assert calls["TransactWriteItems"] == 2
    assert shown() == {"Pending": 30}


def test_one_that_was_counted_before_does_not_keep_the_others_from_it(
    lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, int]]
) -> None:
    for name in ("a", "b", "c"):
        lambdas("POST", "/v1/functions", as_=carol, json=HELLO | {"name": name})
    events = lambdas.events_of(carol)
    assert deliver(record(events[1])) == []
    assert deliver(*map(record, events)) == []
    assert shown() == {"Pending": 3}
