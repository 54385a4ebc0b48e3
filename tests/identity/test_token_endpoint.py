from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.inprocess import Lambdas

JSON = {"Content-Type": "application/json"}


def test_a_token_is_handed_out_as_the_seed_shows(lambdas: Lambdas) -> None:
    body = {"user_id": "alice", "username": "Alice", "email": "alice@company.com"}
    answer = lambdas("POST", "/auth/token", json=body)
    assert answer.status == 200
    assert answer.json == body | {"token": answer.json["token"], "namespace": "tenant-alice"}
    claims = jwt.decode(answer.json["token"], options={"verify_signature": False})
    assert body.items() <= claims.items()
    assert claims["namespace"] == "tenant-alice"


@pytest.mark.parametrize(
    ("sent", "user_id"),
    [
        pytest.param({}, "demo-user", id="no body, no type"),
        pytest.param({"headers": JSON}, "demo-user", id="no body"),
        pytest.param({"json": {}}, "demo-user", id="empty object"),
        pytest.param({"json": None}, "demo-user", id="null"),
        pytest.param({"json": {"user_id": ""}}, "demo-user", id="empty id"),
        pytest.param({"json": {"email": "a@b.c"}}, "demo-user", id="no id"),
        pytest.param({"json": {"user_id": "bob"}}, "bob", id="only an id"),
        pytest.param({"body": b'{"user_id":"bob"}'}, "bob", id="no content type"),
        pytest.param(
            {"body": b'{"user_id":"bob"}', "headers": {"Content-Type": "application/json; charset=utf-8"}},
            "bob",
            id="with a charset",
        ),
        pytest.param(
            {"body": b'{"user_id":"bob"}', "headers": {"Content-Type": "Application/JSON"}},
            "bob",
            id="any case",
        ),
    ],
)
def test_who_somebody_is_who_says_little(sent: dict[str, Any], user_id: str, lambdas: Lambdas) -> None:
    answer = lambdas("POST", "/auth/token", **sent)
    assert (answer.status, answer.json["user_id"]) == (200, user_id), answer.text
    assert (
        lambdas("GET", "/v1/functions", headers={"Authorization": f"Bearer {answer.json['token']}"}).status
        == 200
    )


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        pytest.param({"json": {"user_id": "Alice"}}, "user_id: use 1 to 56", id="upper case"),
        pytest.param({"json": {"user_id": "a" * 57}}, "user_id: use 1 to 56", id="over-long"),
        pytest.param({"json": {"user_id": "../x"}}, "user_id: use 1 to 56", id="climbs"),
        pytest.param({"json": {"user_id": 7}}, "user_id: input should be a valid string", id="a number"),
        pytest.param({"json": {"user_id": None}}, "user_id: input should be a valid string", id="null"),
        pytest.param({"json": {"username": "x" * 255}}, "username: string should have", id="long name"),
        pytest.param({"json": {"userid": "bob"}}, "userid is not a known field; did you mean", id="misspelt"),
        pytest.param({"json": []}, "the body must be a JSON object", id="a list"),
        pytest.param({"json": [{"user_id": "bob"}]}, "the body must be a JSON object", id="a list of one"),
        pytest.param({"json": "bob"}, "the body must be a JSON object", id="a text"),
        pytest.param({"body": b"{", "headers": JSON}, "the body is not valid JSON: Expecting", id="cut"),
        pytest.param({"body": b"\xff", "headers": JSON}, "the body is not valid JSON: it is", id="bytes"),
        pytest.param(
            {"body": b"user_id=bob", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "the Content-Type application/x-www-form-urlencoded is not supported",
            id="a form",
        ),
        pytest.param(
            {"body": b"{}", "headers": {"Content-Type": "multipart/form-data"}},
            "the Content-Type multipart/form-data is not supported",
            id="a form of parts",
        ),
        pytest.param(
            {"body": b"{}", "headers": {"Content-Type": "text/plain"}}, "the Content-Type text", id="text"
        ),
        pytest.param(
            {"body": b"{}", "headers": {"Content-Type": "application/jsonp"}},
            "the Content-Type application/jsonp",
            id="nearly JSON",
        ),
    ],
)  # fmt: skip
def test_what_is_no_identity_is_refused(sent: dict[str, Any], message: str, lambdas: Lambdas) -> None:
    answer = lambdas("POST", "/auth/token", **sent)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request"), answer.text
    assert answer.json["message"].startswith(message)


@pytest.mark.parametrize("sent", [{}, {"json": {"user_id": "alice"}}])
def test_in_production_it_hands_out_nothing(
    sent: dict[str, Any], lambdas: Lambdas, configured: Callable[..., None]
) -> None:
    configured(DEV_TOKEN_ENABLED="false")
    answer = lambdas("POST", "/auth/token", **sent)
    assert (answer.status, answer.json["error"]) == (403, "Forbidden")
    assert "DevTokenEnabled" in answer.json["message"]


def test_two_tokens_of_one_identity_differ(lambdas: Lambdas) -> None:
    one, other = (lambdas("POST", "/auth/token", json={"user_id": "alice"}).json["token"] for _ in range(2))
    assert one != other
