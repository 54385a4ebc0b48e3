"""TransactWriteItems: all or nothing, once for each token, at the price of the items it names."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item

Key = dict[str, dict[str, str]]


def key(owner: str, name: str = "k") -> Key:
    return {"owner": {"S": owner}, "key": {"S": name}}


def put(owner: str, **values: str) -> dict[str, Any]:
    item = key(owner) | {name: {"S": value} for name, value in values.items()}
    return {"Put": {"TableName": "items", "Item": item}}


def increment(owner: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "items",
            "Key": key(owner),
            "UpdateExpression": "ADD hits :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def must_exist(owner: str) -> dict[str, Any]:
    return {
        "ConditionCheck": {
            "TableName": "items",
            "Key": key(owner),
            "ConditionExpression": "attribute_exists(#o)",
            "ExpressionAttributeNames": {"#o": "owner"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def stored(dynamodb: Any, owner: str) -> dict[str, Any] | None:
    item: dict[str, Any] | None = dynamodb.get_item(TableName="items", Key=key(owner)).get("Item")
    return item


def test_a_cancelled_transaction_leaves_items_and_stream_as_they_were(
    items: Any, stream: Callable[[], list[dict[str, Any]]]
) -> None:
    items.put_item(TableName="items", Item=key("old") | {"hits": {"N": "5"}})
    delete = {"Delete": {"TableName": "items", "Key": key("gone")}}
    items.put_item(TableName="items", Item=key("gone"))
    with pytest.raises(ClientError) as failure:
        items.transact_write_items(
            TransactItems=[put("new"), increment("old"), increment("newer"), delete, must_exist("nobody")]
        )
    reasons = failure.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None"] * 4 + ["ConditionalCheckFailed"]
    assert stored(items, "new") is None
    assert stored(items, "newer") is None
    assert stored(items, "gone") == key("gone")
    assert stored(items, "old") == key("old") | {"hits": {"N": "5"}}
    assert len(stream()) == 2


def test_a_stream_goes_on_after_a_cancelled_transaction(client: Callable[[str], Any], items: Any) -> None:
    streams = client("dynamodbstreams")
    [found] = streams.list_streams(TableName="items")["Streams"]
    shard = streams.describe_stream(StreamArn=found["StreamArn"])["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=found["StreamArn"], ShardId=shard, ShardIteratorType="LATEST"
    )["ShardIterator"]
    with pytest.raises(ClientError):
        items.transact_write_items(TransactItems=[put("a"), must_exist("nobody")])
    items.transact_write_items(TransactItems=[put("b")])
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["dynamodb"]["Keys"] for record in records] == [key("b")]


def test_the_item_in_the_way_comes_with_the_reason(items: Any) -> None:
    items.put_item(TableName="items", Item=key("a") | {"state": {"S": "busy"}})
    guarded = put("a")
    guarded["Put"] |= {
        "ConditionExpression": "attribute_not_exists(#o)",
        "ExpressionAttributeNames": {"#o": "owner"},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with pytest.raises(ClientError) as failure:
        items.transact_write_items(TransactItems=[guarded])
    [reason] = failure.value.response["CancellationReasons"]
    assert reason["Item"]["state"] == {"S": "busy"}


def test_the_same_token_applies_once(items: Any) -> None:
    token = str(uuid.uuid4())
    for _ in range(3):
        items.transact_write_items(TransactItems=[increment("a")], ClientRequestToken=token)
    assert stored(items, "a") == key("a") | {"hits": {"N": "1"}}


def test_a_token_stands_for_one_request_only(items: Any) -> None:
    token = str(uuid.uuid4())
    items.transact_write_items(TransactItems=[increment("a")], ClientRequestToken=token)
    with pytest.raises(items.exceptions.IdempotentParameterMismatchException):
        items.transact_write_items(TransactItems=[increment("b")], ClientRequestToken=token)
    assert stored(items, "b") is None


def test_a_failed_transaction_may_be_tried_again_with_its_token(items: Any) -> None:
    token = str(uuid.uuid4())
    request = {"TransactItems": [increment("a"), must_exist("b")], "ClientRequestToken": token}
    with pytest.raises(ClientError):
        items.transact_write_items(**request)
    items.put_item(TableName="items", Item=key("b"))
    items.transact_write_items(**request)
    assert stored(items, "a") == key("a") | {"hits": {"N": "1"}}


def test_a_hundred_items_can_be_read_at_once(items: Any) -> None:
    gets = [{"Get": {"TableName": "items", "Key": key(str(number))}} for number in range(100)]
    assert len(items.transact_get_items(TransactItems=gets)["Responses"]) == 100


def test_a_transaction_copies_as_much_at_ten_thousand_items_as_at_a_hundred(
    backend: DynamoDBBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.create_table(
        "items",
        schema=[{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "key", "KeyType": "RANGE"}],
        throughput=None,
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in ("owner", "key")],
        global_indexes=[],
        indexes=[],
        streams={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    copied: list[Item] = []
    copy = Item.__deepcopy__

    def counted(item: Item, memo: dict[int, Any]) -> Item:
        copied.append(item)
        return copy(item, memo)

    monkeypatch.setattr(Item, "__deepcopy__", counted)
    counts = []
    for size in (100, 10_000):
        for number in range(len(backend.get_table("items")), size):
            backend.put_item("items", key(f"o{number}"))
        copied.clear()
        backend.transact_write_items([increment("o1"), put("o2")])
        counts.append(len(copied))
    assert 0 < counts[0] <= counts[1] <= 3 * counts[0]


def test_no_acknowledged_put_is_lost_beside_failing_transactions(remote: Callable[[str], Any]) -> None:
    dynamodb = remote("dynamodb")
    dynamodb.create_table(
        TableName="raced",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )

    def put_one(number: int) -> None:
        dynamodb.put_item(TableName="raced", Item={"id": {"S": f"put-{number}"}})

    def fail(number: int) -> None:
        missing = {
            "TableName": "raced",
            "Key": {"id": {"S": "missing"}},
            "ConditionExpression": "attribute_exists(id)",
        }
        doomed = {"TableName": "raced", "Item": {"id": {"S": f"doomed-{number}"}}}
        with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
            dynamodb.transact_write_items(TransactItems=[{"Put": doomed}, {"ConditionCheck": missing}])

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(fail if n % 4 == 0 else put_one, n) for n in range(400)]:
            done.result()
    kept = {item["id"]["S"] for item in dynamodb.scan(TableName="raced")["Items"]}
    assert kept == {f"put-{n}" for n in range(400) if n % 4}
