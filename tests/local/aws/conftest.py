import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend

from local.aws import mends
from local.aws.mends import patch

REGION = "eu-central-1"
ITEMS: dict[str, Any] = {
    "TableName": "items",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("owner", "key")],
    "KeySchema": [
        {"AttributeName": "owner", "KeyType": "HASH"},
        {"AttributeName": "key", "KeyType": "RANGE"},
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto in this process, mended for one test."""
    monkeypatch.setattr(mends, "_installed", False)
    monkeypatch.setattr(patch, "_set", monkeypatch.setattr)
    mends.install()


@pytest.fixture
def client(mended: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Clients of the mended moto in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    # boto3 would put the account of a stream's ARN into the host name, which moto does not recognise.
    config = Config(account_id_endpoint_mode="disabled")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION, config=config)


@pytest.fixture
def items(client: Callable[[str], Any]) -> Any:
    """A DynamoDB client, and a table `items` with a stream."""
    dynamodb = client("dynamodb")
    dynamodb.create_table(**ITEMS)
    return dynamodb


@pytest.fixture
def stream(client: Callable[[str], Any], items: Any) -> Callable[[], list[dict[str, Any]]]:
    """Every record of the stream of `items`."""

    def records() -> list[dict[str, Any]]:
        streams = client("dynamodbstreams")
        [found] = streams.list_streams(TableName="items")["Streams"]
        shards = streams.describe_stream(StreamArn=found["StreamArn"])["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=found["StreamArn"], ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return streams.get_records(ShardIterator=iterator)["Records"]

    return records


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """`python -m local.aws`, as the platform starts it."""
    with subprocess.Popen(
        [sys.executable, "-m", "local.aws", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="session")
def remote(endpoint: str) -> Iterator[Callable[[str], Any]]:
    """Clients of the server; they wait for its answers and never ask twice."""

    @cache
    def client(service: str) -> Any:
        made = boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
        )
        opened.callback(made.close)
        return made

    with ExitStack() as opened:
        yield client


@pytest.fixture
def backend(mended: None) -> DynamoDBBackend:
    return DynamoDBBackend(REGION, "123456789012")
