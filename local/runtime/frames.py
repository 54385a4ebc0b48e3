"""What the gateway and a worker say to each other over their socket: a kind, a length, bytes.

The gateway reads with asyncio, a worker with a plain blocking socket, so both readings live here.
"""

import asyncio
import socket
import struct

# From a worker: it has loaded its handler, or could not.
READY, BROKEN = b"R", b"X"
# To a worker: one line of JSON about the invocation, then the event.
INVOKE = b"I"
# From a worker: how the invocation ended.
RESULT, ERROR = b"r", b"e"
# From a worker instead of RESULT: a streamed response, piece by piece.
HEAD, CHUNK, END = b"h", b"c", b"z"

Frame = tuple[bytes, bytes]

_PREFIX = struct.Struct("!cI")


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    return _PREFIX.pack(kind, len(payload)) + payload


def receive(channel: socket.socket) -> Frame | None:
    """The next frame, or None when the other side has gone."""
    prefix = _exactly(channel, _PREFIX.size)
    if prefix is None:
        return None
    kind, length = _PREFIX.unpack(prefix)
    payload = _exactly(channel, length)
    return None if payload is None else (kind, payload)


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame, or None when the other side has gone."""
    try:
        kind, length = _PREFIX.unpack(await reader.readexactly(_PREFIX.size))
        return kind, await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _exactly(channel: socket.socket, length: int) -> bytes | None:
    received = bytearray()
    while len(received) < length:
        piece = channel.recv(min(length - len(received), 1 << 20))
        if not piece:
            return None
        received += piece
    return bytes(received)
