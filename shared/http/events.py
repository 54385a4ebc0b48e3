"""What an endpoint needs of API Gateway's event (payload format 2.0).

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from typing import Any
from urllib.parse import unquote

from shared import clock, context


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
    def body_bytes(self) -> int:
        body = self._event.get("body") or ""
        return len(body) * 3 // 4 if self._event.get("isBase64Encoded") else len(body.encode())

    def accepts(self, media_type: str) -> bool:
        return media_type in self.headers.get("accept", "")

    def trace(self) -> context.Trace:
        request_id = context.accepted_id(self.headers.get("x-request-id"))
        request_id = request_id or self._event["requestContext"].get("requestId") or clock.new_id()
        correlation_id = context.accepted_id(self.headers.get("x-correlation-id")) or request_id
        traceparent = context.child_of(self.headers.get("traceparent"), fallback=clock.new_id())
        return context.Trace(request_id=request_id, correlation_id=correlation_id, traceparent=traceparent)

    def normalised(self) -> dict[str, Any]:
        """The event as the resolver should see it: path decoded (`x%3Ainvoke`), no trailing slash."""
        request_context = {**self._event["requestContext"], "http": {**self._http, "path": self.path}}
        return {**self._event, "rawPath": self.path, "requestContext": request_context}


def _decoded(raw_path: str) -> str:
    return unquote(raw_path).rstrip("/") or "/"
