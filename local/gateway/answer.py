"""The HTTP response that API Gateway makes of what a function returned: payload format 2.0."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.runtime import Stream

# These belong to the connection or to the server, whatever a handler says.
_OURS = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
_FORBIDDEN = "\r\n\0"

Headers = list[tuple[str, str]]


class BadAnswer(Exception):
    """The function's result says `statusCode` but is not a response: AWS answers 500."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes | Stream


def answer_of(result: Any) -> Answer:
    """A result without a statusCode is itself the body of a 200."""
    if isinstance(result, Stream):
        return Answer(result.status, headers_of(result.headers), result)
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        return Answer(200, [("content-type", "application/json")], body.encode())
    headers = headers_of(result.get("headers"))
    headers += _several(result.get("multiValueHeaders"))
    headers += [
        ("set-cookie", _text("a cookie", cookie)) for cookie in _list("cookies", result.get("cookies"))
    ]
    if result.get("body") and not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return Answer(_status(result["statusCode"]), headers, _body(result))


def headers_of(headers: Any) -> Headers:
    if not isinstance(headers or {}, Mapping):
        raise BadAnswer(f"headers must be an object, not {type(headers).__name__}")
    return [
        (_text("a header's name", name).lower(), _text(f"header {name}", value))
        for name, value in (headers or {}).items()
        if name.lower() not in _OURS
    ]


def _several(headers: Any) -> Headers:
    if not isinstance(headers or {}, Mapping):
        raise BadAnswer(f"multiValueHeaders must be an object, not {type(headers).__name__}")
    return [
        pair
        for name, values in (headers or {}).items()
        for value in _list(name, values)
        for pair in headers_of({name: value})
    ]


def _status(status: Any) -> int:
    try:
        number = int(status)
    except (TypeError, ValueError):
        raise BadAnswer(f"statusCode must be a number, not {status!r}") from None
    if not 100 <= number <= 599:
        raise BadAnswer(f"statusCode {number} is not one of HTTP")
    return number


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadAnswer(f"body must be a string, not {type(body).__name__}")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise BadAnswer(f"isBase64Encoded is set but the body is not base64: {error}") from None


def _list(what: str, values: Any) -> list[Any]:
    if not isinstance(values or [], list):
        raise BadAnswer(f"{what} must be a list, not {type(values).__name__}")
    return values or []


def _text(what: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise BadAnswer(f"{what} must be a string, not {type(value).__name__}")
    text = str(value)
    if any(character in text for character in _FORBIDDEN):
        raise BadAnswer(f"{what} contains a line break")
    return text
