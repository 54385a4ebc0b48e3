from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Forbidden, Invalid, Unauthorized
from shared.identity import rules
from shared.identity.models import Principal, TokenRequest

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("user_id", ["a", "alice", "a-b", "0", "a" * 56, "demo-user"])
def test_a_tenants_namespace_is_named_after_the_user(user_id: str) -> None:
    assert rules.namespace_of(user_id) == f"tenant-{user_id}"
    assert len(rules.namespace_of(user_id)) <= 63


@pytest.mark.parametrize(
    "user_id", ["", "A", "a_b", "-a", "a-", "a.b", "a" * 57, "a b", "ä", "a\n", "../etc", "alice@example.com"]
)
def test_a_user_id_that_is_no_label_is_refused_by_name(user_id: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.namespace_of(user_id)
    assert [field.field for field in refusal.value.fields] == ["user_id"]


@given(st.text())
def test_every_namespace_is_a_dns_label(user_id: str) -> None:
    try:
        namespace = rules.namespace_of(user_id)
    except Invalid:
        return
    assert len(namespace) <= 63
    assert set(namespace) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not namespace.endswith("-")


@pytest.mark.parametrize(
    ("asked", "given_"),
    [
        pytest.param(None, ("demo-user", "demo-user", ""), id="no body"),
        pytest.param({}, ("demo-user", "demo-user", ""), id="empty"),
        pytest.param({"user_id": "alice"}, ("alice", "alice", ""), id="only an id"),
        pytest.param({"user_id": " alice "}, ("alice", "alice", ""), id="spaces around"),
        pytest.param({"username": "Alice"}, ("demo-user", "Alice", ""), id="only a name"),
        pytest.param({"email": "a@b.c"}, ("demo-user", "demo-user", "a@b.c"), id="only an address"),
    ],
)
def test_what_is_left_out_of_an_identity(asked: dict[str, str] | None, given_: tuple[str, str, str]) -> None:
    request = None if asked is None else TokenRequest(**asked)
    identity = rules.development_identity(request)
    assert (identity.user_id, identity.username, identity.email) == given_


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc ", "Bearer abc "])
def test_a_bearer_token_is_found(header: str) -> None:
    assert rules.bearer_of(header) == "abc"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "missing authorization header"),
        ("", "missing authorization header"),
        ("Bearer", "the authorization header must be: Bearer <token>"),
        ("Bearer ", "the authorization header must be: Bearer <token>"),
        ("abc", "the authorization header must be: Bearer <token>"),
        ("Basic YTpi", "the authorization header must be: Bearer <token>"),
        ("Token abc", "the authorization header must be: Bearer <token>"),
    ],
)
def test_a_header_without_a_bearer_token(header: str | None, message: str) -> None:
    with pytest.raises(Unauthorized) as refusal:
        rules.bearer_of(header)
    assert refusal.value.message == message


def claims(**changed: Any) -> dict[str, Any]:
    return rules.claims_of(TokenRequest(user_id="alice"), now=NOW, token_id="t1") | changed


def test_claims_become_the_caller_who_they_were_made_for() -> None:
    assert rules.principal_of(claims()) == Principal(
        user_id="alice",
        username="",
        email="",
        namespace="tenant-alice",
        family=rules.NO_PASSWORD_FAMILY,
        token_id="t1",
    )


def test_claims_are_good_for_a_day() -> None:
    assert claims()["exp"] - claims()["iat"] == 24 * 3600


def test_a_refresh_token_is_no_access_token() -> None:
    with pytest.raises(Unauthorized, match="not an access token"):
        rules.principal_of(claims(typ="refresh"))


def caller(family: int) -> Principal:
    return Principal(user_id="a", username="a", namespace="tenant-a", family=family, token_id="t")


@pytest.mark.parametrize("path", ["/v1/functions", "/v1/functions/hello/logs", "/v1/webhooks"])
@pytest.mark.parametrize("family", [0, 1, 2, 3, 4])
def test_the_functions_api_is_open_to_all_families(family: int, path: str) -> None:
    rules.admit(caller(family), path)


@pytest.mark.parametrize(
    "path",
    ["/v1/deployments", "/api/v1/events", "/users/me", "/", "/v1/function", "/v1/functions-all"],
)  # fmt: skip
def test_an_identity_without_a_password_opens_nothing_else(path: str) -> None:
    rules.admit(caller(1), path)
    with pytest.raises(Forbidden, match="log in with a password"):
        rules.admit(caller(0), path)
