"""Streams. An endpoint has one generator; who runs the endpoint decides how it reaches the client.

A host that can stream (the local gateway, a container) calls `Api.stream` and passes the chunks on as they
come. Lambda behind an HTTP API cannot: there the generator is drained as a bounded long poll, which answers
soon after there is something to say, and at the latest when the time is up. Clients come back with the
Last-Event-ID.
"""

import queue
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from shared.logs import log

LONG_POLL = 25.0
"""Seconds. API Gateway gives up after 30."""

NATIVE = 3600.0
"""Seconds that one native stream lasts at most; a client that wants more comes back."""

_QUIET = 0.25
"""Seconds of silence after which what has come is worth an answer."""

_ENOUGH = 4 * 1024 * 1024
"""Bytes. A Lambda answers with 6 MB of JSON at most, in which these grow."""

_SAYS_NOTHING = (b"retry:", b":")
"""How the parts of an event stream begin that carry no event."""

RETRY_MS = 1000
"""How soon an EventSource comes back."""


_LINE_END = re.compile(r"\r\n|\n|\r")
"""All three end a line of an event stream; a program's progress bar writes the last."""


@dataclass
class Streamed:
    """A response whose body is still being made."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


def drained(chunks: Iterable[bytes], *, seconds: float = LONG_POLL) -> bytes:
    """What comes until it is quiet for a moment, or the time is up. The generator is closed either way."""
    arriving: queue.Queue[bytes | None] = queue.Queue()
    over = threading.Event()

    def read() -> None:
        try:
            for chunk in chunks:
                arriving.put(chunk)
                if over.is_set():
                    return
        except Exception:  # noqa: BLE001  # the thread's outermost frame: what has come so far is still an answer
            log.exception("stream broke off")
        finally:
            arriving.put(None)

    threading.Thread(target=read, daemon=True).start()
    gathered = bytearray()
    time_up = time.monotonic() + seconds
    patience = seconds
    with suppress(queue.Empty):
        while len(gathered) < _ENOUGH:
            left = time_up - time.monotonic()
            chunk = arriving.get(timeout=max(0, min(patience, left)))
            if chunk is None:
                break
            gathered += chunk
            if not chunk.startswith(_SAYS_NOTHING):
                patience = _QUIET
    over.set()
    return bytes(gathered)


def sse(data: str, *, id: str = "", event: str = "") -> bytes:
    """One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    fields = [f"event: {event}"] if event else []
    fields += [f"id: {id}"] if id else []
    fields += [f"data: {line}" for line in _LINE_END.split(data)]
    return ("\n".join(fields) + "\n\n").encode()


def sse_opening() -> bytes:
    return f"retry: {RETRY_MS}\n\n".encode()


SSE_HEARTBEAT = b": still here\n\n"
