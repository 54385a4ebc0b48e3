from collections.abc import Callable
from typing import Any

import pytest

from tests.inprocess import Lambdas, User

CREATED = {"replicas": 2, "command": ["sleep", "1"], "env": {"A": "b"}}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"image": "nginx:1.27"}, id="image"),
        pytest.param({"replicas": 5}, id="replicas"),
        pytest.param({"command": ["sleep", "2"]}, id="command"),
        pytest.param({"command": []}, id="no command any more"),
        pytest.param({"env": {"A": "c", "D": "e"}}, id="environment"),
        pytest.param({"env": {}}, id="no environment any more"),
        pytest.param({"image": "python", "replicas": 1, "env": {"X": "y"}}, id="several"),
    ],
)
def test_what_is_named_changes_and_the_rest_stays(
    changes: dict[str, Any], created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    before = created("hello", **CREATED)
    answer = lambdas("PATCH", "/v1/functions/hello", as_=carol, json=changes)
    assert answer.status == 200
    moved = {key for key in before if before[key] != answer.json[key]}
    assert moved - {"updated_at"} == {*changes, "generation"}
    assert changes.items() <= answer.json.items()
    assert answer.json["generation"] == 2
    assert lambdas("GET", "/v1/functions/hello", as_=carol).json == answer.json


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"replicas": 2}, id="the same number"),
        pytest.param({"command": ["sleep", "1"], "env": {"A": "b"}}, id="the same values"),
        pytest.param({"image": None, "replicas": None, "command": None, "env": None}, id="nulls"),
    ],
)
def test_a_change_of_nothing_is_no_change(
    changes: dict[str, Any], created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    before = created("hello", **CREATED)
    answer = lambdas("PATCH", "/v1/functions/hello", as_=carol, json=changes)
    assert (answer.status, answer.json) == (200, before)
    assert [event["type"] for event in lambdas.events_of(carol)] == ["function.created"]


@pytest.mark.parametrize("sent", [{}, {"headers": {"Content-Type": "application/json"}}, {"json": None}])
def test_a_change_needs_a_body(
    sent: dict[str, Any], created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    created("hello")
    answer = lambdas("PATCH", "/v1/functions/hello", as_=carol, **sent)
    assert (answer.status, answer.json["message"]) == (400, "a JSON body is required")


def test_what_is_not_there_cannot_change(lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("PATCH", "/v1/functions/hello", as_=carol, json={"replicas": 2})
    assert (answer.status, answer.json) == (
        404,
        {"error": "Not Found", "message": "function 'hello' not found"},
    )
