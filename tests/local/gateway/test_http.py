import base64
import json

import pytest


def test_a_request_reaches_its_function_as_an_event(echo):
    event = echo.post("/v1/items/x%3Ainvoke?a=1&a=2", json={"b": 3}).json()
    assert event["routeKey"] == "POST /v1/items/{name}"
    assert event["rawPath"] == "/v1/items/x:invoke"
    assert event["pathParameters"] == {"name": "x:invoke"}
    assert event["queryStringParameters"] == {"a": "1,2"}
    assert json.loads(event["body"]) == {"b": 3}


def test_a_chunked_body_arrives_whole(echo):
    event = echo.post("/v1/items", content=iter([b"\x00", b"\xff" * 70_000])).json()
    assert base64.b64decode(event["body"]) == b"\x00" + b"\xff" * 70_000


def test_head_and_options_are_methods_like_any_other(echo):
    assert echo.head("/v1/items").status_code == 200
    assert echo.head("/v1/items").content == b""
    assert echo.options("/v1/items").json()["requestContext"]["http"]["method"] == "OPTIONS"


def test_answers_name_their_request_and_not_the_server(echo):
    answer = echo.get("/v1/items")
    assert answer.headers["apigw-requestid"] == answer.json()["requestContext"]["requestId"]
    assert "date" in answer.headers
    assert "server" not in answer.headers


def test_a_body_over_ten_megabytes_is_refused(echo):
    answer = echo.post("/v1/items", content=b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_a_body_over_ten_megabytes_of_unknown_length_is_refused(echo):
    answer = echo.post("/v1/items", content=iter([b"x" * 1024 * 1024] * 11))
    assert answer.status_code == 413


def test_an_event_over_six_megabytes_is_refused(echo):
    answer = echo.post("/v1/items", content=b"x" * (5 * 1024 * 1024))  # in base64: 6.7 MB
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_headers_over_ten_kilobytes_are_refused(echo):
    answer = echo.get("/v1/items", headers={"x-long": "x" * 10_240})
    assert answer.status_code == 431


def test_preflights_are_answered_without_a_function(echo):
    asked = {"origin": "https://console.example", "access-control-request-method": "POST"}
    answer = echo.options("/v1/items", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://console.example"
    assert answer.headers["access-control-allow-methods"] == "GET,POST"
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://console.example", "https://console.example"), ("https://elsewhere.example", None)],
)
def test_answers_are_open_to_the_configured_origins_only(echo, origin, allowed):
    headers = echo.get("/v1/items", headers={"origin": origin}).headers
    assert headers.get("access-control-allow-origin") == allowed
    assert headers.get("access-control-expose-headers") == (allowed and "x-total-count")


def test_a_preflight_from_elsewhere_is_not_allowed(echo):
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    assert "access-control-allow-origin" not in echo.options("/v1/items", headers=asked).headers
