import base64
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model

from local.gateway.event import HttpRequest, event_of
from local.gateway.routes import Match

NOW = datetime(2026, 11, 22, 8, 28, 18, 250_000, UTC)


def event(
    *,
    method: str = "GET",
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    parameters: dict[str, str] | None = None,
) -> dict[str, Any]:
    request = HttpRequest(
        method,
        "/v1/items",
        query,
        [("host", "127.0.0.1:8080"), ("user-agent", "curl"), *headers],
        body,
        "127.0.0.1",
    )
    match = Match("Items", f"{method} /v1/items", "/v1/items", parameters or {})
    return event_of(request, match, request_id="JKJaXmPLvHcESHA=", trace="Root=1-0-0", now=NOW)


def test_the_whole_event_of_a_plain_request():
    assert event() == {
        "version": "2.0",
        "routeKey": "GET /v1/items",
        "rawPath": "/v1/items",
        "rawQueryString": "",
        "headers": {
            "host": "127.0.0.1:8080",
            "user-agent": "curl",
            "x-amzn-trace-id": "Root=1-0-0",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": "GET",
                "path": "/v1/items",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "GET /v1/items",
            "stage": "$default",
            "time": "22/Nov/2026:08:28:18 +0000",
            "timeEpoch": 1795336098250,
        },
        "isBase64Encoded": False,
    }


def test_repeated_headers_and_query_parameters_are_joined_by_commas():
    made = event(query="a=1&a=x%20y&b=&c=%C3%A9", headers=(("x-tag", "one"), ("x-tag", "two")))
    assert made["headers"]["x-tag"] == "one,two"
    assert made["queryStringParameters"] == {"a": "1,x y", "b": "", "c": "é"}
    assert made["rawQueryString"] == "a=1&a=x%20y&b=&c=%C3%A9"


def test_cookies_are_a_list_of_their_own():
    made = event(headers=(("cookie", "a=1; b=2"), ("cookie", "c=3")))
    assert made["cookies"] == ["a=1", "b=2", "c=3"]
    assert "cookie" not in made["headers"]


def test_a_client_behind_a_proxy_keeps_its_address_and_its_trace():
    made = event(headers=(("x-forwarded-for", "10.0.0.7"), ("x-amzn-trace-id", "Root=1-a-b")))
    assert made["headers"]["x-forwarded-for"] == "10.0.0.7, 127.0.0.1"
    assert made["headers"]["x-amzn-trace-id"] == "Root=1-a-b"


def test_headers_of_the_connection_are_not_passed_on():
    assert "connection" not in event(headers=(("connection", "keep-alive"),))["headers"]


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "text/csv", "application/xml"]
)
def test_a_text_body_arrives_as_text(kind):
    made = event(headers=(("content-type", kind),), body='{"é": 1}'.encode())
    assert (made["body"], made["isBase64Encoded"]) == ('{"é": 1}', False)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("application/octet-stream", b"\x00\xff", id="binary"),
        pytest.param("application/x-www-form-urlencoded", b"a=1", id="a form"),
        pytest.param("multipart/form-data; boundary=x", b"--x", id="an upload"),
        pytest.param("application/json", b"\xff", id="text that is not UTF-8"),
        pytest.param("", b"{}", id="no content type"),
    ],
)
def test_any_other_body_arrives_in_base64(kind, body):
    made = event(headers=(("content-type", kind),) if kind else (), body=body)
    assert made["isBase64Encoded"] is True
    assert base64.b64decode(made["body"]) == body


def test_what_a_request_does_not_have_is_absent():
    assert not {"body", "cookies", "pathParameters", "queryStringParameters", "stageVariables"} & set(event())


def test_powertools_knows_the_event():
    made = event(
        method="POST", query="a=1", headers=(("cookie", "a=1"),), body=b"x", parameters={"name": "x"}
    )
    parsed = APIGatewayProxyEventV2Model.model_validate(made)
    assert parsed.requestContext.http.method == "POST"


@pytest.mark.sam
def test_the_event_has_the_shape_that_sam_generates():
    sam = Path(__file__).parents[3] / ".venv-sam" / "bin" / "sam"
    if not sam.exists():
        pytest.skip("no aws-sam-cli: `make sam-validate` sets it up")
    command = [sam, "local", "generate-event", "apigateway", "http-api-proxy"]
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
    ours = event(
        method="POST", query="a=1", headers=(("cookie", "a=1"),), body=b"x", parameters={"name": "x"}
    )
    assert ours.keys() == theirs.keys() - {"stageVariables"}
    extras = {"authentication", "authorizer"}  # of APIs with mutual TLS, or an authorizer of their own
    assert ours["requestContext"].keys() == theirs["requestContext"].keys() - extras
    assert ours["requestContext"]["http"].keys() == theirs["requestContext"]["http"].keys()
