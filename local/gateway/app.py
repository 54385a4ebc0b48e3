"""The HTTP API of the template, served as API Gateway would: same events, same limits, same refusals."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from local.gateway.access import AccessLog, target_of
from local.gateway.answer import Answer, BadAnswer, answer_of
from local.gateway.errors import RenderError
from local.gateway.event import HttpRequest, event_of
from local.gateway.live import Live
from local.gateway.sending import send_answer
from local.runtime import FunctionError, PayloadTooLarge, Stream, Throttled

MAX_BODY = 10 * 1024 * 1024
MAX_HEADERS = 10_240
INTEGRATION_SECONDS = 30.0


class Refused(Exception):
    """The gateway answers by itself; `reason` is for the log."""

    def __init__(self, status: HTTPStatus, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


@dataclass
class _Exchange:
    """What is known of one request, for its answer and its log line."""

    id: str
    method: str
    raw_path: str
    query: str
    function: str | None = None
    error: str | None = None


class Gateway:
    """An ASGI application."""

    def __init__(
        self,
        live: Live,
        *,
        log: AccessLog,
        render_error: RenderError,
        integration_seconds: float = INTEGRATION_SECONDS,
    ) -> None:
        self._live = live
        self._log = log
        self._render_error = render_error
        self._integration_seconds = integration_seconds
        self._left_running: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"the gateway does not serve {scope['type']}")
        exchange = _Exchange(
            id=secrets.token_urlsafe(11) + "=",
            method=scope["method"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
        )
        started = time.perf_counter()
        status = 0
        try:
            answer = await self._answer_cross_origin(exchange, Request(scope, receive))
            status = answer.status
            await send_answer(answer, exchange.id, receive, send)
        except ClientDisconnect:
            status = 499
        except (FunctionError, BadAnswer) as error:
            exchange.error = str(error)
            raise  # in the middle of a stream: all that is left is to break the connection
        finally:
            self._write_log(exchange, status, time.perf_counter() - started)

    async def _answer_cross_origin(self, exchange: _Exchange, request: Request) -> Answer:
        cors, origin = self._live.current.cors, request.headers.get("origin")
        if cors is None or origin is None:
            return await self._answer(exchange, request)
        wanted = request.headers.get("access-control-request-method")
        if exchange.method == "OPTIONS" and wanted:
            return cors.preflight(origin, wanted)
        answer = await self._answer(exchange, request)
        return replace(answer, headers=cors.applied(answer.headers, origin))

    async def _answer(self, exchange: _Exchange, request: Request) -> Answer:
        try:
            return await self._integrate(exchange, request)
        except Refused as refused:
            exchange.error = refused.reason or refused.message
            body = self._render_error(request.url.path, refused.status, refused.message, exchange.id)
            return Answer(refused.status, [("content-type", "application/json")], json.dumps(body).encode())

    async def _integrate(self, exchange: _Exchange, request: Request) -> Answer:
        """Route the request, let the function answer."""
        _check_size(exchange, request.scope["headers"])
        deployment = self._live.current
        match = deployment.router.match(exchange.method, exchange.raw_path)
        if match is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        exchange.function = match.function
        event = event_of(
            await _read(exchange, request),
            match,
            request_id=exchange.id,
            trace=f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
            now=datetime.now(UTC),
        )
        try:
            return answer_of(await self._in_time(deployment.runtime.respond(match.function, event)))
        except PayloadTooLarge as error:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large", str(error)
            ) from error
        except (FunctionError, BadAnswer) as error:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error", str(error)) from error
        except (Throttled, ConnectionError, TimeoutError) as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable", str(error)) from error

    async def _in_time(self, response: Any) -> Any:
        """The function's answer, unless that takes too long; the function then goes on, as on AWS."""
        task = asyncio.ensure_future(response)
        self._left_running.add(task)
        task.add_done_callback(self._left_running.discard)
        done, _ = await asyncio.wait({task}, timeout=self._integration_seconds)
        if not done:
            task.add_done_callback(_let_go)
            raise TimeoutError(f"no answer within {self._integration_seconds:g} s")
        return task.result()

    def _write_log(self, exchange: _Exchange, status: int, seconds: float) -> None:
        entry: dict[str, object] = {
            "method": exchange.method,
            "path": target_of(exchange.raw_path, exchange.query),
            "status": status,
            "ms": round(seconds * 1000, 1),
            "request": exchange.id,
        }
        if exchange.function:
            entry["function"] = exchange.function
        if exchange.error:
            entry["error"] = exchange.error
        self._log.write(datetime.now(UTC), **entry)


def _let_go(task: asyncio.Task[Any]) -> None:
    """Take the answer that came too late, which nobody waits for."""
    if not task.cancelled() and task.exception() is None and isinstance(task.result(), Stream):
        asyncio.ensure_future(task.result().close())  # noqa: RUF006 - ends by itself within a second or so


def _check_size(exchange: _Exchange, headers: Iterable[tuple[bytes, bytes]]) -> None:
    line = len(exchange.method) + len(exchange.raw_path) + len(exchange.query)
    if line + sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large")


async def _read(exchange: _Exchange, request: Request) -> HttpRequest:
    too_large = Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise too_large
    return HttpRequest(
        method=exchange.method,
        raw_path=exchange.raw_path,
        query=exchange.query,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
        body=bytes(body),
        source_ip=request.client.host if request.client else "127.0.0.1",
        protocol=f"HTTP/{request.scope['http_version']}",
    )
