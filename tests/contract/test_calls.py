"""What a request may ask of AWS: two reads, one write transaction, one counter, one message.

The numbers are exact, so that a call more is noticed, and one less is celebrated here.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.metrics.rules import SHARDS
from tests.inprocess import Lambdas, User

COUNTED = {"UpdateItem": 1}
HELLO = {"name": "hello", "image": "nginx"}


@pytest.fixture
def warm(lambdas: Lambdas, carol: User) -> Callable[..., Counter[str]]:
    """What one request of carol's costs in a process that has read its secret before."""
    lambdas("GET", "/v1/functions", as_=carol)

    def ask(method: str, target: str, *, status: int, **sent: Any) -> Counter[str]:
        with lambdas.counted() as calls:
            answer = lambdas(method, target, as_=carol, **sent)
        assert answer.status == status, answer.text
        return calls

    return ask


@pytest.fixture
def hello(lambdas: Lambdas, carol: User) -> str:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    answer = lambdas("POST", "/v1/functions/hello:invoke", as_=carol)
    invocation: str = answer.json["invocation_id"]
    return invocation


def test_create(warm: Callable[..., Counter[str]]) -> None:
    calls = warm("POST", "/v1/functions", status=201, json=HELLO)
    assert calls == {"TransactWriteItems": 1, "SendMessage": 1} | COUNTED


def test_create_of_a_taken_name(warm: Callable[..., Counter[str]], hello: str) -> None:
    calls = warm("POST", "/v1/functions", status=409, json=HELLO)
    assert calls == {"TransactWriteItems": 1} | COUNTED


def test_list(warm: Callable[..., Counter[str]], hello: str) -> None:
    assert warm("GET", "/v1/functions", status=200) == {"Query": 1, "GetItem": 1} | COUNTED


def test_get(warm: Callable[..., Counter[str]], hello: str) -> None:
    assert warm("GET", "/v1/functions/hello", status=200) == {"GetItem": 1} | COUNTED


def test_get_of_what_cannot_be_a_name(warm: Callable[..., Counter[str]]) -> None:
    assert warm("GET", "/v1/functions/HELLO", status=404) == COUNTED


def test_update(warm: Callable[..., Counter[str]], hello: str) -> None:
    calls = warm("PATCH", "/v1/functions/hello", status=200, json={"replicas": 2})
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "SendMessage": 1} | COUNTED


def test_delete(warm: Callable[..., Counter[str]], hello: str) -> None:
    calls = warm("DELETE", "/v1/functions/hello", status=204)
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "SendMessage": 1} | COUNTED


def test_invoke(warm: Callable[..., Counter[str]], hello: str, lambdas: Lambdas, carol: User) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO | {"name": "other"})
    calls = warm("POST", "/v1/functions/other:invoke", status=200, headers={"idempotency-key": "k"})
    assert calls == {"GetItem": 1, "TransactWriteItems": 1, "SendMessage": 1} | COUNTED


def test_invocations(warm: Callable[..., Counter[str]], hello: str) -> None:
    calls = warm("GET", "/v1/functions/hello/invocations", status=200)
    assert calls == {"GetItem": 1, "Query": 1} | COUNTED


def test_invocation(warm: Callable[..., Counter[str]], hello: str) -> None:
    assert warm("GET", f"/v1/functions/hello/invocations/{hello}", status=200) == {"Query": 1} | COUNTED


def test_refusals_cost_a_counter(warm: Callable[..., Counter[str]], lambdas: Lambdas) -> None:
    assert warm("POST", "/v1/functions", status=400, json={}) == COUNTED
    assert warm("GET", "/nothing", status=404) == COUNTED
    with lambdas.counted() as calls:
        lambdas("GET", "/v1/functions")
    assert calls == COUNTED


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json"])
def test_what_needs_no_table_reads_none(path: str, warm: Callable[..., Counter[str]]) -> None:
    assert warm("GET", path, status=200) == COUNTED


def test_a_token(warm: Callable[..., Counter[str]]) -> None:
    assert warm("POST", "/auth/token", status=200) == COUNTED


def test_the_page_of_metrics_reads_its_shards(warm: Callable[..., Counter[str]]) -> None:
    assert warm("GET", "/metrics", status=200) == {"Query": SHARDS} | COUNTED
