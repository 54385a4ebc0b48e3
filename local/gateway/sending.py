"""Putting an answer on the wire, whole or as it is being made."""

import asyncio

from starlette.types import Receive, Send

from local.gateway.answer import Answer, Headers
from local.runtime import Stream

_BODILESS = {204, 304}


async def send_answer(answer: Answer, request_id: str, receive: Receive, send: Send) -> None:
    headers = [*answer.headers, ("apigw-requestid", request_id)]
    if isinstance(answer.body, Stream):
        await _send_stream(answer.body, headers, receive, send)
        return
    body = b"" if answer.status in _BODILESS else answer.body
    if answer.status not in _BODILESS:
        headers.append(("content-length", str(len(body))))
    await _start(answer.status, headers, send)
    await send({"type": "http.response.body", "body": body})


async def _send_stream(stream: Stream, headers: Headers, receive: Receive, send: Send) -> None:
    """Pass the chunks on until the function or the client ends. A client that leaves ends the function."""

    async def pump() -> None:
        await _start(stream.status, headers, send)
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    tasks = {asyncio.create_task(pump()), asyncio.create_task(_left(receive))}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await stream.close()


async def _start(status: int, headers: Headers, send: Send) -> None:
    raw = [(name.encode("latin-1", "replace"), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
