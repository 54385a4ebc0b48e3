"""Streams and updates: what consumers see of each write, and how much of it is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws.mends import streams as mend

KEY = {"owner": {"S": "a"}, "key": {"S": "k"}}
Records = Callable[[], list[dict[str, Any]]]


def update(dynamodb: Any, expression: str, **values: dict[str, Any]) -> None:
    dynamodb.update_item(
        TableName="items",
        Key=KEY,
        UpdateExpression=expression,
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def test_an_insert_a_change_and_a_removal(items: Any, stream: Records) -> None:
    items.put_item(TableName="items", Item=KEY | {"n": {"N": "1"}})
    items.put_item(TableName="items", Item=KEY | {"n": {"N": "2"}})
    items.delete_item(TableName="items", Key=KEY)
    records = stream()
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert {record["awsRegion"] for record in records} == {"eu-central-1"}
    assert [record["dynamodb"].get("OldImage", {}).get("n") for record in records] == [
        None,
        {"N": "1"},
        {"N": "2"},
    ]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))


def test_a_write_that_changes_nothing_leaves_no_record(items: Any, stream: Records) -> None:
    for _ in range(2):
        items.put_item(TableName="items", Item=KEY | {"n": {"N": "1"}})
    update(items, "SET n = :n", n={"N": "1"})
    assert [record["eventName"] for record in stream()] == ["INSERT"]


def test_an_update_that_makes_an_item_is_one_insert_of_the_whole_item(items: Any, stream: Records) -> None:
    update(items, "ADD hits :one", one={"N": "1"})
    update(items, "ADD hits :one", one={"N": "1"})
    first, second = stream()
    assert first["eventName"] == "INSERT"
    assert first["dynamodb"]["NewImage"] == KEY | {"hits": {"N": "1"}}
    assert second["eventName"] == "MODIFY"
    assert int(second["dynamodb"]["SequenceNumber"]) == int(first["dynamodb"]["SequenceNumber"]) + 1


def test_an_update_that_fails_half_way_changes_nothing(items: Any, stream: Records) -> None:
    items.put_item(TableName="items", Item=KEY | {"n": {"N": "1"}, "text": {"S": "x"}})
    with pytest.raises(ClientError):
        update(items, "SET n = :big, text = :long", big={"N": "2"}, long={"S": "y" * 500_000})
    assert items.get_item(TableName="items", Key=KEY)["Item"]["n"] == {"N": "1"}
    assert len(stream()) == 1


def test_binary_values_come_through_the_stream_as_they_went_in(items: Any, stream: Records) -> None:
    blob = bytes(range(256))
    nested = {"M": {"list": {"L": [{"B": blob}, {"BS": [b"\x00", b"\xff"]}]}}}
    items.put_item(TableName="items", Item=KEY | {"blob": {"B": blob}, "nested": nested})
    [record] = stream()
    assert record["dynamodb"]["NewImage"]["blob"] == {"B": blob}
    assert record["dynamodb"]["NewImage"]["nested"] == nested
    assert items.get_item(TableName="items", Key=KEY)["Item"]["nested"] == nested


def test_every_record_is_read_once_in_pages(client: Callable[[str], Any], items: Any) -> None:
    for number in range(250):
        items.put_item(TableName="items", Item=KEY | {"n": {"N": str(number)}})
    streams = client("dynamodbstreams")
    arn = streams.list_streams(TableName="items")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    read: list[str] = []
    while len(read) < 250:
        answer = streams.get_records(ShardIterator=iterator, Limit=100)
        assert answer["Records"], "a page before the end was empty"
        read += [record["dynamodb"]["NewImage"]["n"]["N"] for record in answer["Records"]]
        iterator = answer["NextShardIterator"]
    assert read == [str(number) for number in range(250)]
    assert streams.get_records(ShardIterator=iterator)["Records"] == []


def test_old_records_make_room_and_their_positions_are_refused(
    client: Callable[[str], Any], items: Any, stream: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mend, "KEPT_RECORDS", 10)
    monkeypatch.setattr(mend, "_TRIM_STEP", 5)
    items.put_item(TableName="items", Item=KEY | {"n": {"N": "0"}})
    first = stream()[0]["dynamodb"]["SequenceNumber"]
    for number in range(1, 40):
        items.put_item(TableName="items", Item=KEY | {"n": {"N": str(number)}})
    kept = [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in stream()]
    assert kept == list(range(40 - len(kept), 40))
    assert 10 <= len(kept) < 15
    streams = client("dynamodbstreams")
    arn = streams.list_streams(TableName="items")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=first
    )["ShardIterator"]
    with pytest.raises(streams.exceptions.TrimmedDataAccessException):
        streams.get_records(ShardIterator=iterator)


def test_an_iterator_that_nobody_knows_any_more_has_expired(
    client: Callable[[str], Any], items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mend, "KEPT_ITERATORS", 5)
    streams = client("dynamodbstreams")
    arn = streams.list_streams(TableName="items")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    position = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "LATEST"}
    first, *_, last = [streams.get_shard_iterator(**position)["ShardIterator"] for _ in range(8)]
    assert streams.get_records(ShardIterator=last)["Records"] == []
    assert streams.get_records(ShardIterator=last)["Records"] == [], "an iterator may be used again"
    with pytest.raises(streams.exceptions.ExpiredIteratorException):
        streams.get_records(ShardIterator=first)
