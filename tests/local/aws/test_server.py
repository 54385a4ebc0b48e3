"""The server as a process: connections that stay open, waits that end early, and no orphan."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.aws.waiting import WAIT_HEADER

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=local/20250101/eu-central-1/{}/aws4_request, SignedHeaders=host, Signature=x"
)


@pytest.fixture
def connection(endpoint: str) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(endpoint)
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)) as opened:
        yield opened


def post(
    connection: http.client.HTTPConnection, target: str, request: dict[str, Any], **headers: str
) -> dict[str, Any]:
    names = {"X-Amz-Target": target, "Authorization": SIGNED.format("dynamodb"), **headers}
    connection.request(
        "POST", "/", json.dumps(request), {"Content-Type": "application/x-amz-json-1.0", **names}
    )
    answer = connection.getresponse()
    body: dict[str, Any] = json.loads(answer.read())
    assert answer.status == 200, body
    return body


def test_one_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    first = connection.sock
    for _ in range(3):
        post(connection, "DynamoDB_20120810.ListTables", {})
        assert connection.sock is first


def test_large_and_empty_bodies_pass(remote: Callable[[str], Any]) -> None:
    s3 = remote("s3")
    s3.create_bucket(Bucket="bodies", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    large = os.urandom(3_000_000)
    for name, body in (("large", large), ("empty", b"")):
        s3.put_object(Bucket="bodies", Key=name, Body=body)
        assert s3.head_object(Bucket="bodies", Key=name)["ContentLength"] == len(body)
        assert s3.get_object(Bucket="bodies", Key=name)["Body"].read() == body
    s3.delete_object(Bucket="bodies", Key="large")
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="bodies")["Contents"]] == ["empty"]


def test_get_records_waits_only_when_asked_and_only_for_the_first_record(
    connection: http.client.HTTPConnection, remote: Callable[[str], Any]
) -> None:
    dynamodb = remote("dynamodb")
    dynamodb.create_table(
        TableName="watched",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    streams = remote("dynamodbstreams")
    arn = dynamodb.describe_table(TableName="watched")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")[
        "ShardIterator"
    ]
    get = "DynamoDBStreams_20120810.GetRecords"
    assert post(connection, get, {"ShardIterator": iterator})["Records"] == []

    write = threading.Timer(
        0.2, dynamodb.put_item, kwargs={"TableName": "watched", "Item": {"id": {"S": "a"}}}
    )
    write.start()
    answer = post(connection, get, {"ShardIterator": iterator}, **{WAIT_HEADER: "20"})
    write.join()
    assert [record["dynamodb"]["Keys"] for record in answer["Records"]] == [{"id": {"S": "a"}}]


def test_other_requests_are_served_while_one_waits_for_records(
    endpoint: str, connection: http.client.HTTPConnection, remote: Callable[[str], Any]
) -> None:
    dynamodb, streams = remote("dynamodb"), remote("dynamodbstreams")
    dynamodb.create_table(
        TableName="quiet",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    arn = dynamodb.describe_table(TableName="quiet")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")
    waiting = threading.Thread(
        target=post,
        args=(
            connection,
            "DynamoDBStreams_20120810.GetRecords",
            {"ShardIterator": iterator["ShardIterator"]},
        ),
        kwargs={WAIT_HEADER: "2"},
    )
    waiting.start()
    dynamodb.list_tables()
    assert waiting.is_alive(), "the other request came after the wait"
    waiting.join(20)
    assert not waiting.is_alive()


def test_the_server_ends_with_the_process_that_started_it() -> None:
    starter = (
        "import subprocess, sys, time\n"
        "server = subprocess.Popen([sys.executable, '-m', 'local.aws'], stdout=subprocess.PIPE, text=True)\n"
        "print(server.pid, server.stdout.readline().strip(), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, url = parent.stdout.readline().split()
        with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)) as opened:
            post(opened, "DynamoDB_20120810.ListTables", {})
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _runs(int(pid)):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
