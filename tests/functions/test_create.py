from collections.abc import Callable
from typing import Any

import pytest

from shared import clock
from tests.inprocess import Lambdas, User


def test_a_function_is_answered_as_the_seed_shows(lambdas: Lambdas, carol: User) -> None:
    body = {
        "name": "my-function",
        "image": "nginx:alpine",
        "replicas": 2,
        "command": ["nginx", "-g", "daemon off;"],
        "env": {"ENV": "production", "LOG_LEVEL": "info"},
    }
    answer = lambdas("POST", "/v1/functions", as_=carol, json=body)
    assert answer.status == 201
    assert answer.json["user_id"] == carol.user_id
    assert answer.json["namespace"] == carol.namespace
    assert answer.json["status"] == "Pending"
    assert answer.json["available_replicas"] == 0
    assert clock.is_id(answer.json["id"])
    assert answer.json["created_at"] == answer.json["updated_at"]
    assert body.items() <= answer.json.items()


def test_it_is_there_at_once(created: Callable[..., Any], lambdas: Lambdas, carol: User) -> None:
    function = created("hello")
    assert lambdas("GET", "/v1/functions/hello", as_=carol).json == function
    assert lambdas("GET", "/v1/functions", as_=carol).json == [function]


@pytest.mark.parametrize(
    ("sent", "replicas"), [({}, 1), ({"replicas": 0}, 1), ({"replicas": None}, 1), ({"replicas": 10}, 10)]
)
def test_how_many_replicas_there_are(
    sent: dict[str, Any], replicas: int, created: Callable[..., Any]
) -> None:
    assert created("hello", **sent)["replicas"] == replicas


@pytest.mark.parametrize("absent", [{}, {"command": None, "env": None}, {"command": [], "env": {}}])
def test_command_and_environment_may_be_absent(absent: dict[str, Any], created: Callable[..., Any]) -> None:
    function = created("hello", **absent)
    assert (function["command"], function["env"]) == ([], {})


def test_the_token_decides_the_namespace(created: Callable[..., Any], carol: User) -> None:
    assert created("hello", namespace="kube-system")["namespace"] == carol.namespace


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 60, "kube", "eventflow"])
def test_names_that_may_be_taken(name: str, created: Callable[..., Any]) -> None:
    assert created(name)["name"] == name


def test_the_largest_function_can_be_stored(
    created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    """A control character takes six bytes of JSON: the row must still fit into an item."""
    large = "\x01" * (32 * 1024 - 1)
    function = created("hello", image="a" * 512, command=[large], env={"A": large[1:]})
    assert lambdas("GET", "/v1/functions/hello", as_=carol).json == function
    assert lambdas("POST", "/v1/functions/hello:invoke", as_=carol).status == 200
    assert lambdas("DELETE", "/v1/functions/hello", as_=carol).status == 204


def test_a_name_is_taken_once(created: Callable[..., Any], lambdas: Lambdas, carol: User) -> None:
    created("hello")
    again = lambdas("POST", "/v1/functions", as_=carol, json={"name": "hello", "image": "other"})
    message = f"function 'hello' already exists in namespace '{carol.namespace}'"
    assert (again.status, again.json) == (409, {"error": "Conflict", "message": message})
    assert lambdas("GET", "/v1/functions/hello", as_=carol).json["image"] == "nginx:alpine"


def test_tenants_share_no_names(created: Callable[..., Any], lambdas: Lambdas, dave: User) -> None:
    created("hello")
    assert lambdas("POST", "/v1/functions", as_=dave, json={"name": "hello", "image": "nginx"}).status == 201


def test_the_quota_is_a_limit_until_something_is_deleted(
    created: Callable[..., Any], configured: Callable[..., None], lambdas: Lambdas, carol: User
) -> None:
    configured(FUNCTIONS_PER_TENANT="2")
    created("one")
    created("two")
    third = {"name": "three", "image": "nginx"}
    answer = lambdas("POST", "/v1/functions", as_=carol, json=third)
    assert (answer.status, answer.json["error"]) == (429, "Too Many Requests")
    assert "quota" in answer.json["message"]
    assert lambdas("GET", "/v1/functions/three", as_=carol).status == 404
    lambdas("DELETE", "/v1/functions/one", as_=carol)
    assert lambdas("POST", "/v1/functions", as_=carol, json=third).status == 201


def test_the_quota_counts_what_was_made_not_what_was_tried(
    created: Callable[..., Any], configured: Callable[..., None], lambdas: Lambdas, carol: User
) -> None:
    configured(FUNCTIONS_PER_TENANT="2")
    created("one")
    for _ in range(3):
        assert lambdas("POST", "/v1/functions", as_=carol, json={"name": "one", "image": "a"}).status == 409
    created("two")


def test_the_reconciler_is_woken(created: Callable[..., Any], lambdas: Lambdas) -> None:
    with lambdas.counted() as calls:
        created("hello")
    assert calls["SendMessage"] == 1


def test_a_lost_wake_up_loses_nothing(created: Callable[..., Any], lambdas: Lambdas, carol: User) -> None:
    with lambdas.without("sqs"):
        created("hello")
    assert lambdas("GET", "/v1/functions/hello", as_=carol).status == 200
