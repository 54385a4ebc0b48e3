"""One Lambda execution environment: a process that runs one event at a time for one function.

It stands alone (a Powertools resolver keeps the current event on its class, so two requests must never
share a process) and is reused while warm, as Lambda reuses its environments.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import FrameType, ModuleType
from typing import Any, Never, Protocol

from local.runtime import failures, frames
from local.runtime.context import LambdaContext
from local.runtime.output import TaggedLines

MAX_RESPONSE = 6 * 1024 * 1024 + 100  # Lambda's limit for a synchronous answer

Spec = dict[str, Any]


class StreamedResponse(Protocol):
    """What a handler module's `stream` may return: the response, and its body as it comes into being."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


class ClientGone(BaseException):
    """Nobody reads the stream any more. Not an Exception, so that handlers do not swallow it."""


@dataclass(frozen=True)
class Entry:
    handler: Callable[[Any, LambdaContext], Any]
    stream: Callable[[Any, LambdaContext], StreamedResponse | None] | None


def run(channel: socket.socket, spec: Spec) -> None:
    """Load the handler, then answer events until the gateway closes the socket."""
    os.environ.update(spec["environment"])
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, TaggedLines):
            output.tag = spec["id"]
    try:
        entry = _load(spec["handler"])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the module raises is the answer
        _print_unfinished_lines()
        channel.sendall(frames.pack(frames.BROKEN, failures.import_failure(spec["handler"], error)))
        return
    channel.sendall(frames.pack(frames.READY))
    while (frame := frames.receive(channel)) is not None:
        about, _, event = frame[1].partition(b"\n")
        _invoke(channel, entry, spec, json.loads(about), json.loads(event))


def _load(handler: str) -> Entry:
    name, _, attribute = handler.rpartition(".")
    module: ModuleType = importlib.import_module(name)
    if not hasattr(module, attribute):
        raise failures.HandlerMissing(f"Handler '{attribute}' missing on module '{name}'")
    return Entry(getattr(module, attribute), getattr(module, "stream", None))


def _invoke(channel: socket.socket, entry: Entry, spec: Spec, about: Spec, event: Any) -> None:
    os.environ["_X_AMZN_TRACE_ID"] = about["trace"]
    context = LambdaContext(aws_request_id=about["id"], deadline=about["deadline"], **spec["context"])
    try:
        streamed = entry.stream(event, context) if about["stream"] and entry.stream else None
        if streamed is None:
            answer = frames.pack(*_result(entry.handler(event, context)))
        else:
            answer = _send_stream(channel, streamed)
    except Exception as error:  # noqa: BLE001 - an unhandled exception is an answer
        answer = frames.pack(frames.ERROR, failures.unhandled(error))
        print(f"[ERROR] request {about['id']}\n{failures.traceback_of_user_code()}", end="")
    except SystemExit as error:
        os._exit(error.code if isinstance(error.code, int) else 1)
    _print_unfinished_lines()
    channel.sendall(answer)


def _result(value: Any) -> frames.Frame:
    try:
        answer = json.dumps(value, default=_decimal, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        return frames.ERROR, failures.failure(
            "Runtime.MarshalError", f"Unable to marshal response: {error}", []
        )
    if len(answer) > MAX_RESPONSE:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
        return frames.ERROR, failures.failure("Function.ResponseSizeTooLarge", message, [])
    return frames.RESULT, answer


def _decimal(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _send_stream(channel: socket.socket, streamed: StreamedResponse) -> bytes:
    """Send the chunks as they come. SIGTERM or a closed socket ends the generator and this process."""
    signal.signal(signal.SIGTERM, _client_is_gone)
    try:
        head = {"status": streamed.status, "headers": dict(streamed.headers)}
        channel.sendall(frames.pack(frames.HEAD, json.dumps(head).encode()))
        for chunk in streamed.chunks:
            channel.sendall(frames.pack(frames.CHUNK, chunk))
    except (ClientGone, BrokenPipeError, ConnectionResetError):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with contextlib.suppress(Exception, ClientGone):
            _close(streamed.chunks)
        _print_unfinished_lines()
        os._exit(0)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return frames.pack(frames.END)


def _client_is_gone(_signal: int, _frame: FrameType | None) -> Never:
    raise ClientGone


def _close(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def _print_unfinished_lines() -> None:
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, TaggedLines):
            output.finish()
