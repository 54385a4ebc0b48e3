"""Items leave when their time has come, and say so in the stream."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from local.aws.mends import expiry

NOW = 2_000_000_000


@pytest.fixture
def sweep(items: Any) -> Callable[[], int]:
    items.update_time_to_live(
        TableName="items", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    backend: DynamoDBBackend = dynamodb_backends["123456789012"]["eu-central-1"]
    return lambda: expiry.sweep(backend.get_table("items"), NOW)


def put(dynamodb: Any, name: str, **values: Any) -> None:
    dynamodb.put_item(TableName="items", Item={"owner": {"S": name}, "key": {"S": "k"}} | values)


def left(dynamodb: Any) -> set[str]:
    return {item["owner"]["S"] for item in dynamodb.scan(TableName="items")["Items"]}


def test_only_what_has_passed_goes(items: Any, sweep: Callable[[], int]) -> None:
    put(items, "passed", expires_at={"N": str(NOW - 1)})
    put(items, "to come", expires_at={"N": str(NOW + 60)})
    put(items, "for ever")
    put(items, "no number", expires_at={"S": "1"})
    put(items, "more than five years back", expires_at={"N": "1"})
    assert sweep() == 1
    assert left(items) == {"to come", "for ever", "no number", "more than five years back"}


@pytest.mark.parametrize("swept_before", [False, True])
def test_a_time_that_was_moved_counts_as_moved(
    items: Any, sweep: Callable[[], int], swept_before: bool
) -> None:
    if swept_before:
        sweep()
    put(items, "prolonged", expires_at={"N": str(NOW - 5)})
    put(items, "prolonged", expires_at={"N": str(NOW + 5)})
    put(items, "shortened", expires_at={"N": str(NOW + 5)})
    items.update_item(
        TableName="items",
        Key={"owner": {"S": "shortened"}, "key": {"S": "k"}},
        UpdateExpression="SET expires_at = :t",
        ExpressionAttributeValues={":t": {"N": str(NOW - 5)}},
    )
    put(items, "kept", expires_at={"N": str(NOW - 5)})
    put(items, "kept")
    assert sweep() == 1
    assert left(items) == {"prolonged", "kept"}


def test_a_pass_is_bounded_and_the_next_goes_on(
    items: Any, sweep: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = dynamodb_backends["123456789012"]["eu-central-1"]
    for number in range(7):
        put(items, f"i{number}", expires_at={"N": str(NOW - number)})
    assert [expiry.sweep(backend.get_table("items"), NOW, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert left(items) == set()


def test_the_stream_names_the_service_as_the_one_who_deleted(
    items: Any, sweep: Callable[[], int], stream: Callable[[], list[dict[str, Any]]]
) -> None:
    put(items, "a", expires_at={"N": str(NOW - 1)})
    sweep()
    removal = stream()[-1]
    assert removal["eventName"] == "REMOVE"
    assert removal["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def test_a_table_without_the_setting_keeps_everything(items: Any) -> None:
    put(items, "a", expires_at={"N": str(NOW - 1)})
    assert expiry.sweep_all(NOW) == 0
    assert left(items) == {"a"}
