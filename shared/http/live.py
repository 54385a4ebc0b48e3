"""Streams. An endpoint has one generator; who runs the endpoint decides how it reaches the client.

A host that can stream (the local gateway, a container) calls `Api.stream` and passes the chunks on as they
come. Lambda behind an HTTP API cannot: there the generator is drained as a bounded long poll, which answers
soon after there is something to say, and at the latest when the time is up. Clients come back with the
Last-Event-ID.
"""

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

LONG_POLL = 25.0
"""Seconds. API Gateway gives up after 30."""

NATIVE = 3600.0
"""Seconds that one native stream lasts at most; a client that wants more comes back."""

_QUIET = 0.25
"""Seconds of silence after which what has come is worth an answer."""

_SAYS_NOTHING = (b"retry:", b":")
"""How the parts of an event stream begin that carry no event."""

RETRY_MS = 1000
"""How soon an EventSource comes back."""


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
        finally:
            arriving.put(None)

    threading.Thread(target=read, daemon=True).start()
    gathered: list[bytes] = []
    patience = seconds
    try:
        while (chunk := arriving.get(timeout=patience)) is not None:
            gathered.append(chunk)
            if not chunk.startswith(_SAYS_NOTHING):
                patience = _QUIET
    except queue.Empty:
        pass
    over.set()
    return b"".join(gathered)


def sse(data: str, *, id: str = "", event: str = "") -> bytes:
    """One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    fields = [f"event: {event}"] if event else []
    fields += [f"id: {id}"] if id else []
    fields += [f"data: {line}" for line in data.split("\n")]
    return ("\n".join(fields) + "\n\n").encode()


def sse_opening() -> bytes:
    return f"retry: {RETRY_MS}\n\n".encode()


SSE_HEARTBEAT = b": still here\n\n"
