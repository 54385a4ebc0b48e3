import asyncio
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import boto3
import pytest

from local.aws.resources import create_resources
from local.sources import run_sources
from local.template import Function, QueueSource, Resource, Schedule, StreamSource, Template

REGION = "eu-central-1"


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
def aws(endpoint: str) -> Iterator[Callable[[str], Any]]:
    @cache
    def client(service: str) -> Any:
        made = boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        opened.callback(made.close)
        return made

    with ExitStack() as opened:
        yield client


class Stack:
    """A queue, a table with a stream and their dead letters, and one function that a test plays itself."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.name = f"s{uuid.uuid4().hex[:8]}"
        arn = f"arn:aws:sqs:{REGION}:123456789012:{self.name}-dead"
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": 2}
        table = {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        }
        queue = {"VisibilityTimeout": 1, "RedrivePolicy": redrive}
        self.resources = {
            "Queue": Resource("Queue", "AWS::SQS::Queue", queue, f"{self.name}-queue"),
            "Dead": Resource("Dead", "AWS::SQS::Queue", {}, f"{self.name}-dead"),
            "Table": Resource("Table", "AWS::DynamoDB::Table", table, f"{self.name}-table"),
        }
        create_resources(self.template(), endpoint)

    def template(self, *sources: QueueSource | StreamSource | Schedule) -> Template:
        function = Function(
            id="It",
            handler="h.handler",
            timeout=1,
            memory=128,
            environment={},
            queues=tuple(source for source in sources if isinstance(source, QueueSource)),
            streams=tuple(source for source in sources if isinstance(source, StreamSource)),
            schedules=tuple(source for source in sources if isinstance(source, Schedule)),
        )
        return Template({"It": function}, self.resources, self.name, {})

    def url(self, queue: str) -> str:
        return f"{self.endpoint}/123456789012/{self.resources[queue].name}"

    def play(
        self,
        handler: Callable[[dict[str, Any]], Awaitable[Any]],
        *sources: QueueSource | StreamSource | Schedule,
        until: Callable[[], bool],
        within: float = 20.0,
        **options: Any,
    ) -> None:
        """Let the sources call the handler until a condition holds."""

        async def invoke(function: str, event: Any) -> Any:
            assert function == "It"
            return await handler(event)

        async def run() -> None:
            running = asyncio.create_task(
                run_sources(self.template(*sources), self.endpoint, invoke, **options)
            )
            try:
                async with asyncio.timeout(within):
                    while not until():
                        await asyncio.wait({running}, timeout=0.01)
                        assert not running.done(), running.result()
            finally:
                running.cancel()
                await asyncio.wait({running})

        asyncio.run(run())


@pytest.fixture
def stack(endpoint: str) -> Stack:
    return Stack(endpoint)
