"""What any test may use: a running stack, callers with tokens, and a way to wait without sleeping."""

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import boto3
import httpx
import pytest

from local.stack import Stack

pytest_plugins = ["tests.inprocess"]

T = TypeVar("T")


@dataclass(frozen=True)
class User:
    user_id: str
    namespace: str
    token: str


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @cached_property
    def json(self) -> Any:
        return json.loads(self.text)


class Caller:
    """HTTP to a stack: call("POST", "/v1/functions", as_=alice, json=…)."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def __call__(
        self,
        method: str,
        path: str,
        *,
        as_: User | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> Answer:
        sent = {**({"authorization": f"Bearer {as_.token}"} if as_ else {}), **(headers or {})}
        answer = self.client.request(method, path, headers=sent, **request)
        return Answer(answer.status_code, answer.headers, answer.text)

    def sign_in(self, name: str) -> User:
        """Someone whom no other test has met."""
        user_id = f"{name}-{secrets.token_hex(4)}"
        answer = self("POST", "/auth/token", json={"user_id": user_id, "email": f"{user_id}@example.com"})
        assert answer.status == 200, answer.text
        return User(answer.json["user_id"], answer.json["namespace"], answer.json["token"])


@dataclass(frozen=True)
class World:
    """What the stack has stored, to look at and to break."""

    stack: Stack
    dynamodb: Any
    sqs: Any

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, given the variable that names it: rows("FUNCTIONS_TABLE")."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.stack.environment[table])
        return [item for page in pages for item in page["Items"]]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One for each process that runs tests. Tests keep apart by their users, not by cleaning up.

    Its containers are local processes also where there is Docker: quick, and the same everywhere.
    """
    with Stack.start(containers="process") as started:
        yield started


@pytest.fixture(scope="session")
def calling() -> Iterator[Callable[[Stack], Caller]]:
    """Makes callers, for tests that have a stack of their own."""
    with contextlib.ExitStack() as clients:
        yield lambda to: Caller(clients.enter_context(httpx.Client(base_url=to.url, timeout=35)))


@pytest.fixture(scope="session")
def call(stack: Stack, calling: Callable[[Stack], Caller]) -> Caller:
    return calling(stack)


@pytest.fixture
def alice(call: Caller) -> User:
    return call.sign_in("alice")


@pytest.fixture
def bob(call: Caller) -> User:
    return call.sign_in("bob")


@pytest.fixture(scope="session")
def world(stack: Stack) -> Iterator[World]:
    options = {
        "endpoint_url": stack.aws_endpoint,
        "region_name": stack.environment["AWS_REGION"],
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
    }
    dynamodb, sqs = boto3.client("dynamodb", **options), boto3.client("sqs", **options)
    yield World(stack, dynamodb, sqs)
    dynamodb.close()
    sqs.close()


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Poll until a condition holds; returns what it returned. Fails with the last value or error."""

    def poll(condition: Callable[[], T], *, within: float = 30.0) -> T:
        deadline = time.monotonic() + within
        while True:
            last: object
            try:
                if outcome := condition():
                    return outcome
                last = outcome
            except AssertionError as error:
                last = error
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within} s; last: {last!r}")
            time.sleep(0.02)

    return poll
