"""A server that runs all day must not remember everything that it ever held."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamRecord
from moto.s3.models import FakeKey
from moto.sqs.models import Message

from local.aws.mends import patch


def test_items_records_and_messages_leave_nothing_behind(client: Callable[[str], Any], items: Any) -> None:
    before = [len(kind.instances_tracked) for kind in (Item, StreamRecord, Message)]
    key = {"owner": {"S": "a"}, "key": {"S": "k"}}
    items.put_item(TableName="items", Item=key)
    items.query(
        TableName="items",
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": "a"}},
    )
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a")
    sqs.receive_message(QueueUrl=url)
    assert [len(kind.instances_tracked) for kind in (Item, StreamRecord, Message)] == before


def test_objects_of_s3_are_still_found_when_they_are_to_be_cleared(client: Callable[[str], Any]) -> None:
    before = len(FakeKey.instances_tracked)
    s3 = client("s3")
    s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="files", Key="k", Body=b"x")
    assert len(FakeKey.instances_tracked) > before


def test_a_part_that_moto_no_longer_has_is_named() -> None:
    with pytest.raises(AttributeError, match=r"moto has no Item\.forgotten any more"):
        patch.replace(Item, "forgotten", None)
