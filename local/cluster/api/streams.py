"""An answer without an end (watches, followed logs) that stops when the client goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send


class Stream:
    def __init__(self, chunks: AsyncIterator[bytes], content_type: str) -> None:
        self._chunks = chunks
        self._content_type = content_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.ensure_future(self._send(send))
        # A watch may be silent for minutes, so a lost client is noticed by listening, not by a failed write.
        listening = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, listening):
                task.cancel()
            await asyncio.gather(sending, listening, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", self._content_type.encode()), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(self._chunks) as chunks:  # type: ignore[type-var]  # every caller passes a generator
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
