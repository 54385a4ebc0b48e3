"""What an endpoint needs of API Gateway's event (payload format 2.0).

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
from typing import Any
from urllib.parse import unquote

from shared import clock, context
from shared.errors import Invalid

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_JSON = "application/json"


class HttpEvent:
    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event
        self._http = event["requestContext"]["http"]
        self.headers: dict[str, str] = {
            name.lower(): value for name, value in event.get("headers", {}).items()
        }
        self.method: str = self._http["method"]
        self.path: str = _decoded(event["rawPath"])

    @property
    def endpoint(self) -> str:
        """The route's path, not the request's: a label of metrics must not grow with what callers type."""
        return str(self._event.get("routeKey", "$default")).rpartition(" ")[2]

    @property
    def known_method(self) -> str:
        """For labels as well: a method is any word (RFC 9110, section 9.1)."""
        return self.method if self.method in _METHODS else "OTHER"

    @property
    def slashed(self) -> bool:
        """Whether the path ends in a slash that `path` is without."""
        return unquote(self._event["rawPath"]) != self.path

    @property
    def query(self) -> str:
        return str(self._event.get("rawQueryString", ""))

    @property
    def body_bytes(self) -> int:
        body = self._event.get("body") or ""
        return len(body) * 3 // 4 if self._event.get("isBase64Encoded") else len(body.encode())

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def accepts(self, media_type: str) -> bool:
        return media_type in self.headers.get("accept", "")

    def trace(self) -> context.Trace:
        request_id = context.accepted_id(self.headers.get("x-request-id"))
        request_id = request_id or self._event["requestContext"].get("requestId") or clock.new_id()
        correlation_id = context.accepted_id(self.headers.get("x-correlation-id")) or request_id
        traceparent = context.child_of(self.headers.get("traceparent"), fallback=clock.new_id())
        return context.Trace(request_id=request_id, correlation_id=correlation_id, traceparent=traceparent)

    def normalised(self, *, takes_body: bool) -> dict[str, Any]:
        """As the resolver should see it: path decoded (`x%3Ainvoke`), no trailing slash, body as text."""
        return {
            **self._event,
            "rawPath": self.path,
            "requestContext": {**self._event["requestContext"], "http": {**self._http, "path": self.path}},
            "isBase64Encoded": False,
            **(self._json() if takes_body else {"body": None}),
        }

    def _json(self) -> dict[str, Any]:
        """API Gateway encodes a body in base64 unless its content type is one of a few that mean text."""
        body: str = self._event.get("body") or ""
        if not body:
            return {"body": None}
        if self.media_type not in ("", _JSON):
            raise Invalid(f"the Content-Type {self.media_type[:80]} is not supported here; send {_JSON}")
        try:
            text = base64.b64decode(body).decode() if self._event.get("isBase64Encoded") else body
        except UnicodeDecodeError as error:
            raise Invalid(f"the body is not valid JSON: it is not UTF-8 at byte {error.start}") from error
        # Powertools compares the type letter by letter.
        return {"body": text, "headers": {**self.headers, "content-type": _JSON}}


def _decoded(raw_path: str) -> str:
    return unquote(raw_path).rstrip("/") or "/"
