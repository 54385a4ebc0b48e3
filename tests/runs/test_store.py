"""What readers of the runs' table may rely on. The database of the tests is never behind; AWS's may be."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.runs import store
from shared.store import client
from tests.inprocess import Lambdas, User


@pytest.fixture
def reads(lambdas: Lambdas) -> Iterator[list[dict[str, Any]]]:
    """Single reads from now on, as they are sent."""
    sent: list[dict[str, Any]] = []

    def heard(params: dict[str, Any], **_: Any) -> None:
        sent.append(json.loads(params["body"]))

    events = client().meta.events
    events.register("before-call.dynamodb.GetItem", heard)
    yield sent
    events.unregister("before-call.dynamodb.GetItem", heard)


def test_an_input_is_found_as_soon_as_its_run_is_stored(
    lambdas: Lambdas, carol: User, reads: list[dict[str, Any]]
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json={"name": "hello", "image": "nginx"})
    answer = lambdas("POST", "/v1/functions/hello:invoke", as_=carol, json={"input": 7})
    reads.clear()
    assert store.input_of(answer.json["invocation_id"]) == "7"
    assert [read["ConsistentRead"] for read in reads] == [True]
