"""The event that API Gateway makes of an HTTP request: payload format 2.0.

Shapes that the AWS documentation leaves open follow what people have captured from real gateways:
the path arrives decoded, the query string raw; and only a few content types arrive as text
(https://github.com/ministackorg/ministack/pull/766), not even a form's.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from local.gateway.routes import Match

_TEXTS = ("application/json", "application/javascript", "application/xml")
_NOT_PASSED_ON = {"cookie", "connection", "keep-alive", "te", "transfer-encoding", "upgrade"}
_ACCOUNT = "123456789012"
_API = "local"


@dataclass(frozen=True)
class HttpRequest:
    method: str
    raw_path: str
    query: str
    headers: Sequence[tuple[str, str]]  # lower-cased names, in the order received
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"

    def header(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.headers if key == name), default)


def event_of(
    request: HttpRequest, match: Match, *, request_id: str, trace: str, now: datetime
) -> dict[str, Any]:
    host = request.header("host").rpartition(":")[0] or request.header("host")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": match.route_key,
        "rawPath": match.path,
        "rawQueryString": request.query,
        "headers": _headers(request, trace),
        "requestContext": {
            "accountId": _ACCOUNT,
            "apiId": _API,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": match.path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": request.header("user-agent"),
            },
            "requestId": request_id,
            "routeKey": match.route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies := [
        cookie for name, value in request.headers if name == "cookie" for cookie in value.split("; ")
    ]:
        event["cookies"] = cookies
    if query := _joined(parse_qsl(request.query, keep_blank_values=True)):
        event["queryStringParameters"] = query
    if match.parameters:
        event["pathParameters"] = match.parameters
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request)
    return event


def _headers(request: HttpRequest, trace: str) -> dict[str, str]:
    headers = _joined((name, value) for name, value in request.headers if name not in _NOT_PASSED_ON)
    port = headers.get("host", "").rpartition(":")[2]
    addresses = [headers["x-forwarded-for"]] if "x-forwarded-for" in headers else []
    return {
        "x-amzn-trace-id": trace,
        **headers,
        "x-forwarded-for": ", ".join([*addresses, request.source_ip]),
        "x-forwarded-port": port if port.isdecimal() else "80",
        "x-forwarded-proto": "http",
    }


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: HttpRequest) -> tuple[str, bool]:
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind.startswith("text/") or kind in _TEXTS:
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode("ascii"), True
