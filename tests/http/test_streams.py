"""One generator, two hosts: passed on as it is made, or drained into an answer that ends."""

from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import Response

from shared.errors import Unavailable
from shared.http import Api, api
from shared.http.live import LONG_POLL, NATIVE
from tests.inprocess import Lambdas


@pytest.fixture
def app(lambdas: Lambdas) -> Api:
    made = api(public=True)

    @made.get("/healthz")
    def numbers(fails: bool = False) -> Response[str]:
        if fails:
            raise Unavailable("nothing to read from")
        return made.live(_numbers(made.stream_seconds), content_type="text/plain")

    @made.get("/readyz")
    def still() -> dict[str, str]:
        return {"a": "b"}

    return made


def _numbers(seconds: float) -> Iterator[bytes]:
    yield b"1\n"
    yield f"{seconds:g}\n".encode()


@pytest.fixture
def event(lambdas: Lambdas) -> Any:
    return lambda target: lambdas.event("GET", target)[1]


def test_on_lambda_a_stream_is_an_answer(app: Api, event: Any) -> None:
    answer = app.handler(event("/healthz"), None)
    assert answer["body"] == f"1\n{LONG_POLL:g}\n"
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_elsewhere_it_is_passed_on(app: Api, event: Any) -> None:
    streamed = app.stream(event("/healthz"), None)
    assert (streamed.status, streamed.headers["Cache-Control"]) == (200, "no-store")
    assert list(streamed.chunks) == [b"1\n", f"{NATIVE:g}\n".encode()]


def test_a_host_that_streams_gets_whole_answers_too(app: Api, event: Any) -> None:
    streamed = app.stream(event("/readyz"), None)
    assert b"".join(streamed.chunks) == b'{"a":"b"}'


def test_a_refusal_is_no_stream(app: Api, event: Any) -> None:
    streamed = app.stream(event("/healthz?fails=true"), None)
    assert streamed.status == 503
    assert b"nothing to read from" in b"".join(streamed.chunks)
    assert "nothing to read from" in app.handler(event("/healthz?fails=true"), None)["body"]


def test_a_stream_leaves_nothing_to_the_next_request(app: Api, event: Any) -> None:
    list(app.stream(event("/healthz"), None).chunks)
    assert app.handler(event("/readyz"), None)["body"] == '{"a":"b"}'
    assert app.handler(event("/healthz"), None)["body"] == f"1\n{LONG_POLL:g}\n"
