from collections.abc import Callable
from typing import Any

from shared.functions import store
from tests.inprocess import Lambdas, User


def test_a_deleted_function_is_gone_for_the_caller(
    created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    created("hello")
    answer = lambdas("DELETE", "/v1/functions/hello", as_=carol)
    assert (answer.status, answer.text) == (204, "")
    assert lambdas("GET", "/v1/functions/hello", as_=carol).status == 404
    assert lambdas("GET", "/v1/functions", as_=carol).json == []
    assert lambdas("POST", "/v1/functions/hello:invoke", as_=carol).status == 404


def test_twice_is_not_there(created: Callable[..., Any], lambdas: Lambdas, carol: User) -> None:
    created("hello")
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    again = lambdas("DELETE", "/v1/functions/hello", as_=carol)
    assert (again.status, again.json["message"]) == (404, "function 'hello' not found")


def test_its_name_is_free_again(created: Callable[..., Any], lambdas: Lambdas, carol: User) -> None:
    ids = set()
    for _ in range(3):
        ids.add(created("hello")["id"])
        lambdas("DELETE", "/v1/functions/hello", as_=carol)
    assert len(ids) == 3
    assert created("hello")["generation"] == 1


def test_the_reconciler_finds_what_is_to_be_torn_down(
    created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    one = created("hello")["id"]
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    two = created("hello")["id"]
    created("hello-2")
    lambdas("DELETE", "/v1/functions/hello-2", as_=carol)
    assert [function.id for function in store.leaving(carol.user_id, "hello")] == [one]
    live = store.get(carol.user_id, "hello")
    assert live is not None
    assert live.id == two


def test_a_deleted_record_cannot_be_reached_by_its_key(
    created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    created("hello")
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    (row,) = [row for row in lambdas.rows("FUNCTIONS_TABLE") if row["owner"] == carol.user_id]
    path = f"/v1/functions/{row['key']}"
    for method, target, body in [
        ("GET", path, ...),
        ("PATCH", path, {"replicas": 2}),
        ("DELETE", path, ...),
        ("POST", f"{path}:invoke", ...),
        ("GET", f"{path}/logs", ...),
        ("GET", f"{path}/invocations", ...),
    ]:
        assert lambdas(method, target, as_=carol, json=body).status == 404, (method, target)
