"""What the edge does before and after a handler: bodies, paths, refusals that no handler foresaw."""

import json
from typing import Any

import pytest

from shared.functions import service
from shared.http import families
from shared.http.api import BODY_LIMIT
from tests.inprocess import Lambdas, User

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/functions"), ("PATCH", "/v1/functions/hello"), ("POST", "/v1/functions/hello:invoke")],
)
def test_a_megabyte_is_too_much(method: str, path: str, lambdas: Lambdas, carol: User) -> None:
    for content_type in ("application/json", "application/octet-stream"):
        body = json.dumps({"name": "a" * 1024 * 1024, "image": "x"}).encode()
        answer = lambdas(method, path, as_=carol, body=body, headers={"content-type": content_type})
        assert (answer.status, answer.json["error"]) == (400, "Bad Request")
        assert str(BODY_LIMIT) in answer.json["message"]
    assert lambdas.events_of(carol) == []


def test_a_body_of_the_limit_is_read(lambdas: Lambdas, carol: User) -> None:
    body = b'{"name": "hello", "image": "nginx"' + b" " * (BODY_LIMIT - 36) + b"}"
    assert lambdas("POST", "/v1/functions", as_=carol, body=body, headers=JSON).status == 201


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the body is not valid JSON: Expecting property name"),
        (b"{'a': 1}", "the body is not valid JSON: Expecting property name"),
        (b'{"name": "a",}', "the body is not valid JSON"),
        (b"\xff\xfe{", "the body is not valid JSON: it is not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf{}", "the body is not valid JSON"),
        (b'{"name": "\x00"}', "the body is not valid JSON: Invalid control character"),
        (b"[" * 200_000, "the body is not valid JSON: more than 100 levels deep"),
        (b"", "a JSON body is required"),
        (b"null", "a JSON body is required"),
        (b" ", "the body is not valid JSON: Expecting value"),
    ],
)
def test_broken_json_is_refused_with_the_reason(
    body: bytes, message: str, lambdas: Lambdas, carol: User
) -> None:
    answer = lambdas("POST", "/v1/functions", as_=carol, body=body, headers=JSON)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request")
    assert answer.json["message"].startswith(message)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/octet-stream",
        "application/json-patch+json",
        "json",
        "*/*",
    ],
)
def test_another_content_type_is_refused_by_name(content_type: str, lambdas: Lambdas, carol: User) -> None:
    body = b'{"name": "hello", "image": "nginx"}'
    answer = lambdas("POST", "/v1/functions", as_=carol, body=body, headers={"content-type": content_type})
    assert answer.status == 400
    assert content_type.partition(";")[0] in answer.json["message"]
    assert "send application/json" in answer.json["message"]


def test_a_body_that_nobody_asked_for_is_ignored(lambdas: Lambdas, carol: User) -> None:
    for content_type in ("application/json", "text/plain"):
        for method, path, status in [("GET", "/v1/functions", 200), ("DELETE", "/v1/functions/hello", 404)]:
            headers = {"content-type": content_type}
            assert lambdas(method, path, as_=carol, body=b"{", headers=headers).status == status


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/v1/functions/a/b/c", {"error", "message"}),
        ("/v1/deployments", {"error", "message"}),
        ("/api/v1/events", {"error_code", "message", "request_id", "detail"}),
        ("/health/nothing", {"error_code", "message", "request_id", "detail"}),
        ("/users/me", {"error"}),
        ("/nothing", {"error"}),
    ],
)
def test_what_is_not_there_says_so_in_the_paths_family(path: str, keys: set[str], lambdas: Lambdas) -> None:
    answer = lambdas("GET", path)
    assert answer.status == 404
    assert answer.json.keys() == keys
    assert isinstance(answer.json.get("error"), str) is (families.family_of(path) is families.Family.E0)
    assert f"there is nothing at {path}" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/functions", "GET, POST"),
        ("DELETE", "/v1/functions", "GET, POST"),
        ("PUT", "/v1/functions/hello", "DELETE, GET, PATCH"),
        ("POST", "/v1/functions/hello/logs", "GET"),
        ("DELETE", "/v1/functions/hello/invocations/1", "GET"),
        ("GET", "/auth/token", "POST"),
        ("POST", "/healthz", "GET"),
        ("HEAD", "/readyz", "GET"),
        ("POST", "/metrics", "GET"),
        ("PUT", "/docs", "GET"),
        ("DELETE", "/openapi.json", "GET"),
        ("BREW", "/healthz", "GET"),
    ],
)
def test_another_method_is_told_which_ones_there_are(
    method: str, path: str, allowed: str, lambdas: Lambdas
) -> None:
    answer = lambdas(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.json["error"] == "Method Not Allowed"


def test_a_path_of_any_length_is_answered_shortly(lambdas: Lambdas) -> None:
    answer = lambdas("GET", "/" + "x" * 6000)
    assert answer.status == 404
    assert len(answer.text) < 600


@pytest.mark.parametrize("path", ["/v1/functions/", "/v1/functions//", "/healthz/", "/v1/functions/hello/"])
def test_a_slash_at_the_end_changes_nothing(path: str, lambdas: Lambdas, carol: User) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json={"name": "hello", "image": "nginx"})
    assert lambdas("GET", path, as_=carol).status == 200


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/v1/functions/", "", "/v1/functions"),
        ("/v1/functions/", "page=2&limit=3", "/v1/functions?page=2&limit=3"),
        ("/v1/functions/hello/logs/", "", "/v1/functions/hello/logs"),
        ("/v1/functions/a b/", "", "/v1/functions/a%20b"),
    ],
)
def test_behind_api_gateway_a_slash_at_the_end_leads_on(
    path: str, query: str, location: str, lambdas: Lambdas
) -> None:
    """It routes such a path to $default; 308 keeps method and body."""
    handler, event = lambdas.event("GET", "/nothing")
    event |= {"rawPath": path, "rawQueryString": query}
    answer = handler(event, None)
    assert (answer["statusCode"], answer["headers"]["Location"]) == (308, location)


def test_a_slash_at_the_end_of_nothing_leads_nowhere(lambdas: Lambdas) -> None:
    assert lambdas("GET", "//evil.example/").status == 404
    assert lambdas("GET", "/nothing/").status == 404
    assert lambdas("PUT", "/healthz/").status == 405


@pytest.mark.parametrize(
    "accept", ["application/problem+json", "application/json, application/problem+json;q=0.5"]
)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/functions", 401),
        ("GET", "/users", 404),
        ("GET", "/api/v1/x", 404),
        ("PUT", "/healthz", 405),
    ],
)
def test_who_accepts_problems_gets_them(
    accept: str, method: str, path: str, status: int, lambdas: Lambdas
) -> None:
    answer = lambdas(method, path, headers={"Accept": accept, "X-Request-ID": "r-1"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.json["status"]) == (status, status)
    assert (answer.json["instance"], answer.json["request_id"]) == (path, "r-1")


def test_what_nobody_foresaw_is_a_500_that_tells_nothing(
    lambdas: Lambdas, carol: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the inside of the machine")

    monkeypatch.setattr(service, "page", broken)
    answer = lambdas("GET", "/v1/functions", as_=carol, headers={"X-Request-ID": "r-1"})
    assert (answer.status, answer.json["error"]) == (500, "Internal Server Error")
    assert "machine" not in answer.text
    assert answer.headers["x-request-id"] == "r-1"
    assert any(record.exc_info for record in caplog.records)
    monkeypatch.undo()
    assert lambdas("GET", "/v1/functions", as_=carol).status == 200, "the next request is not hurt"


def test_a_reply_that_breaks_its_own_contract_is_a_500(
    lambdas: Lambdas, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from handlers.health import healthz

    class Wrong:
        status = 7

    monkeypatch.setattr(healthz, "HealthView", lambda **_: Wrong())
    answer = lambdas("GET", "/healthz")
    assert (answer.status, answer.json["error"]) == (500, "Internal Server Error")


def test_the_description_is_served_and_so_is_its_page(lambdas: Lambdas) -> None:
    description = lambdas("GET", "/openapi.json")
    assert description.json["openapi"].startswith("3.1")
    page = lambdas("GET", "/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>EventFlow API</title>" in page.text
    assert 'src="http' not in page.text, "it works offline"
