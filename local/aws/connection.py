"""Whether the client of the request at hand still listens.

A long poll that outlives its client would take a message that nobody gets, and hide it for the visibility
timeout: nine minutes for the work queue, at every restart of the gateway.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[socket.socket | None] = ContextVar("client", default=None)


@contextmanager
def serving(client: socket.socket) -> Iterator[None]:
    token = _current.set(client)
    try:
        yield
    finally:
        _current.reset(token)


def client_gone() -> bool:
    client = _current.get()
    if client is None:
        return False
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
