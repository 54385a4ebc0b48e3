"""The handlers, called in this process against an AWS of its own.

What a caller sees, without a gateway between: quick, and a test can look inside. It can count calls to AWS,
break a dependency, change a setting, or deliver a stream record twice. Events are made by the local gateway's
own code, so that they are those of API Gateway.
"""

import importlib
import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session

from local.aws.resources import create_resources
from local.environment import aws_environment, read_template
from local.gateway.event import HttpRequest, event_of
from local.gateway.routes import Router
from local.template import Template
from shared import aws, clock, store
from shared.cluster import connection
from shared.config import settings

PROJECT = Path(__file__).parents[1]

_NO_CLUSTER = json.dumps(
    {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nowhere",
        "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
        "clusters": [{"name": "nowhere", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "nobody", "user": {}}],
    }
)
_CACHES = (settings, aws.session, aws.sqs, aws.secret, store.connection, connection.cluster)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    text: str

    @cached_property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class User:
    user_id: str
    namespace: str
    token: str


@dataclass
class Lambdas:
    """lambdas("POST", "/v1/functions", as_=carol, json=…): the answer of the function that has the route."""

    template: Template
    environment: Mapping[str, str]
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Requests to AWS: (service, operation)."""
    broken: set[str] = field(default_factory=set)

    def __call__(
        self,
        method: str,
        target: str,
        *,
        as_: User | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = ...,
        body: bytes = b"",
    ) -> Answer:
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if as_ is not None:
            sent["authorization"] = f"Bearer {as_.token}"
        if json is not ...:
            sent.setdefault("content-type", "application/json")
            body = _dumped(json)
        handler, event = self.event(method, target, headers=sent, body=body)
        answer = handler(event, _CONTEXT)
        lowered = {name.lower(): value for name, value in answer["headers"].items()}
        return Answer(answer["statusCode"], lowered, answer.get("body") or "")

    def event(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[Callable[..., dict[str, Any]], dict[str, Any]]:
        """The Lambda entry that API Gateway would call, and the event it would call it with."""
        path, _, query = target.partition("?")
        match = Router(self.template.functions.values()).match(method, path)
        assert match is not None
        request = HttpRequest(
            method, path, query, [("host", "localhost:8080"), *(headers or {}).items()], body, "127.0.0.1"
        )
        event = event_of(request, match, request_id=clock.new_id(), trace="Root=1-0-0", now=datetime.now(UTC))
        module, _, name = self.template.functions[match.function].handler.rpartition(".")
        return getattr(importlib.import_module(module), name), event

    def somebody(self, name: str = "carol") -> User:
        """Someone whom no other test has met."""
        answer = self("POST", "/auth/token", json={"user_id": f"{name}-{secrets.token_hex(4)}"})
        assert answer.status == 200, answer.text
        return User(answer.json["user_id"], answer.json["namespace"], answer.json["token"])

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All items of a table, given the variable that names it: rows("EVENTS_TABLE")."""
        pages = store.client().get_paginator("scan").paginate(TableName=self.environment[table])
        return [{key: next(iter(value.values())) for key, value in item.items()} for page in pages
                for item in page["Items"]]  # fmt: skip

    def events_of(self, user: User) -> list[dict[str, Any]]:
        """A user's events, oldest first."""
        events = [row for row in self.rows("EVENTS_TABLE") if row["owner"] == user.user_id]
        return sorted(events, key=lambda event: event["id"])

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """What the block asked of AWS, counted by operation when it is over."""
        already = len(self.calls)
        counts: Counter[str] = Counter()
        yield counts
        counts.update(operation for _, operation in self.calls[already:])

    @contextmanager
    def without(self, *services: str) -> Iterator[None]:
        """These AWS services do not answer."""
        self.broken.update(services)
        try:
            yield
        finally:
            self.broken.difference_update(services)

    def sending(self, request: Any) -> None:
        """Called with every request to AWS, whoever makes it."""
        service, _, operation = _text(request.headers["X-Amz-Target"]).partition(".")
        self.calls.append((service, operation))
        if _SERVICES[service] in self.broken:
            raise EndpointConnectionError(endpoint_url=request.url)


# As the header of AWS's JSON protocols calls them.
_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


_CONTEXT = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:test",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 10_000,
)


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture(scope="session")
def emulated_aws() -> Iterator[str]:
    """In a process of its own: moto's state is global, and another test's `mock_aws` would begin it anew."""
    command = [sys.executable, "-m", "local.aws", "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        endpoint = server.stdout.readline().strip()
        create_resources(read_template(PROJECT, endpoint), endpoint, secrets={"ClusterSecret": _NO_CLUSTER})
        yield endpoint
        server.terminate()


@pytest.fixture(scope="module")
def lambdas(emulated_aws: str) -> Iterator[Lambdas]:
    template = read_template(PROJECT, emulated_aws)
    environment = aws_environment(emulated_aws)
    for function in template.functions.values():
        environment.update(function.environment)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        _forget()
        made = Lambdas(template, environment)
        send = URLLib3Session.send

        def observed(session: URLLib3Session, request: Any) -> Any:
            made.sending(request)
            return send(session, request)

        patch.setattr(URLLib3Session, "send", observed)
        yield made
        for client in (store.client(), aws.sqs(), aws._connections(aws.PATIENT), aws._connections(aws.HASTY)):
            client.close()
    _forget()


@pytest.fixture
def configured(lambdas: Lambdas) -> Iterator[Callable[..., None]]:
    """configured(DEV_TOKEN_ENABLED="false") for the rest of the test."""
    with pytest.MonkeyPatch.context() as patch:

        def configure(**variables: str) -> None:
            for name, value in variables.items():
                patch.setenv(name, value)
            settings.cache_clear()

        yield configure
    settings.cache_clear()


@pytest.fixture
def carol(lambdas: Lambdas) -> User:
    return lambdas.somebody("carol")


@pytest.fixture
def dave(lambdas: Lambdas) -> User:
    return lambdas.somebody("dave")


def _forget(caches: Sequence[Any] = _CACHES) -> None:
    for cached in caches:
        cached.cache_clear()
