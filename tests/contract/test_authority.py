"""Who may enter, asked of every route there is: a new route is in the table as soon as it is declared."""

from typing import Any

import pytest

from local.openapi import modules
from shared.http import routes
from tests.inprocess import Lambdas, User

BODIES: dict[str, Any] = {"PATCH": {"replicas": 2}, "POST": {}}


def _routes(*, public: bool) -> list[tuple[str, str]]:
    return [route for module in modules() if module.app.public is public for route in routes(module.app)]


PRIVATE = _routes(public=False)
OF_ONE_THING = [(method, path) for method, path in PRIVATE if "{" in path]


def target(method: str, path: str, *, invocation: str = "01a20293-a30e-79af-b0d8-89c541739093") -> str:
    verb = ":invoke" if method == "POST" and path.endswith("{name}") else ""
    return path.replace("{name}", f"hello{verb}").replace("{id}", invocation)


def test_these_routes_and_no_others_are_open_to_anybody() -> None:
    assert set(_routes(public=True)) == {
        ("POST", "/auth/token"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
    }


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_nobody_enters_without_a_token(method: str, path: str, lambdas: Lambdas) -> None:
    answer = lambdas(method, target(method, path), json=BODIES.get(method, ...))
    assert (answer.status, answer.json) == (
        401,
        {"error": "Unauthorized", "message": "missing authorization header"},
    )


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_a_broken_body_does_not_come_before_the_token(method: str, path: str, lambdas: Lambdas) -> None:
    headers = {"content-type": "application/json"}
    assert lambdas(method, target(method, path), body=b"{", headers=headers).status == 401


@pytest.fixture
def theirs(lambdas: Lambdas, carol: User) -> str:
    """Carol's function `hello`, and the id of an invocation of it."""
    lambdas("POST", "/v1/functions", as_=carol, json={"name": "hello", "image": "nginx"})
    answer = lambdas("POST", "/v1/functions/hello:invoke", as_=carol)
    invocation: str = answer.json["invocation_id"]
    return invocation


@pytest.mark.parametrize(("method", "path"), OF_ONE_THING)
def test_what_another_tenant_owns_is_not_there(
    method: str, path: str, theirs: str, lambdas: Lambdas, carol: User, dave: User
) -> None:
    before = lambdas("GET", "/v1/functions/hello", as_=carol).json
    events = lambdas.events_of(carol)
    answer = lambdas(method, target(method, path, invocation=theirs), as_=dave, json=BODIES.get(method, ...))
    assert (answer.status, answer.json["error"]) == (404, "Not Found")
    assert carol.user_id not in answer.text
    assert lambdas("GET", "/v1/functions/hello", as_=carol).json == before
    assert lambdas.events_of(carol) == events
    assert lambdas.events_of(dave) == []


@pytest.mark.parametrize(("method", "path"), OF_ONE_THING)
def test_another_tenants_looks_like_none(
    method: str, path: str, theirs: str, lambdas: Lambdas, dave: User
) -> None:
    """Or else an answer would tell which names are taken elsewhere."""
    body = BODIES.get(method, ...)
    foreign = lambdas(method, target(method, path, invocation=theirs), as_=dave, json=body)
    absent = lambdas(method, target(method, path), as_=dave, json=body)
    assert foreign.text.replace(theirs, "…") == absent.text.replace(
        "01a20293-a30e-79af-b0d8-89c541739093", "…"
    )
