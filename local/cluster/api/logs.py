"""GET …/pods/{name}/log: which lines of a container's output to send, and in which form."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from starlette.requests import Request

from local.cluster import clock, errors
from local.cluster.api import requests
from local.cluster.api.streams import Stream
from local.cluster.kubelet.logs import ContainerLog, lines_of
from local.cluster.objects import Object, dig, parse_time


class LogReader(Protocol):
    def log_of(self, pod: Object, container: str, *, previous: bool) -> ContainerLog | None: ...


@dataclass(frozen=True)
class LogQuery:
    tail: int | None = None
    since: datetime | None = None
    timestamps: bool = False
    limit: int | None = None
    stream: str = "All"


def rendered(lines: Iterable[bytes], query: LogQuery) -> Iterator[bytes]:
    """The asked-for form of stored lines (without the tail and the byte limit, which need them all)."""
    since = f"{query.since:%Y-%m-%dT%H:%M:%S}".encode() if query.since else b""
    for line in lines:
        stamp, stream, tag, text = line.split(b" ", 3)
        if stamp < since or (query.stream != "All" and stream.decode() != query.stream.lower()):
            continue
        end = b"\n" if tag == b"F" else b""
        yield (stamp + b" " + text if query.timestamps else text) + end


async def log_stream(request: Request, pod: Object, logs: LogReader) -> Stream:
    container = _container(request, pod)
    query = _query(request)
    previous = requests.flag(request, "previous")
    log = logs.log_of(pod, container, previous=previous)
    if log is None:
        raise errors.bad_request(_missing(pod, container, previous=previous))
    follow = requests.flag(request, "follow") and not log.closed
    chunks = _following(log, query) if follow else _stored(log, query)
    return Stream(chunks, "text/plain")


async def _stored(log: ContainerLog, query: LogQuery) -> AsyncIterator[bytes]:
    if chunk := _first(log, query):
        yield chunk


async def _following(log: ContainerLog, query: LogQuery) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    stop = log.follow(queue.put_nowait)
    left = query.limit
    try:
        chunk = _first(log, query)
        while True:
            if chunk:
                yield chunk
            left = None if left is None else left - len(chunk)
            if left is not None and left <= 0:
                return
            block = await queue.get()
            if block is None:
                return
            chunk = b"".join(rendered(lines_of(block), query))[:left]
    finally:
        stop()


def _first(log: ContainerLog, query: LogQuery) -> bytes:
    lines = list(rendered(log.lines(), query))
    if query.tail is not None:
        lines = lines[-query.tail :] if query.tail else []
    return b"".join(lines)[: query.limit]


def _query(request: Request) -> LogQuery:
    seconds = requests.number(request, "sinceSeconds")
    moment = request.query_params.get("sinceTime", "")
    tail, limit = requests.number(request, "tailLines"), requests.number(request, "limitBytes")
    for name, value, least in (
        ("sinceSeconds", seconds, 1),
        ("tailLines", tail, 0),
        ("limitBytes", limit, 1),
    ):
        if value is not None and value < least:
            raise errors.ApiError(
                422,
                "Invalid",
                f'PodLogOptions "" is invalid: {name}: Invalid value: {value}: must be greater than or equal '
                f"to {least}",
            )
    since = clock.now() - timedelta(seconds=seconds) if seconds else parse_time(moment) if moment else None
    return LogQuery(
        tail=tail,
        since=since.astimezone(UTC) if since else None,
        timestamps=requests.flag(request, "timestamps"),
        limit=limit,
        stream=request.query_params.get("stream", "All"),
    )


def _container(request: Request, pod: Object) -> str:
    name = pod["metadata"]["name"]
    known = [each["name"] for each in pod["spec"]["containers"]]
    before = [each["name"] for each in pod["spec"].get("initContainers") or ()]
    asked = request.query_params.get("container", "")
    if asked:
        if asked not in known + before:
            raise errors.bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(known) > 1:
        listed = " ".join(known)
        also = f" or one of the init containers: [{' '.join(before)}]" if before else ""
        raise errors.bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{listed}]{also}"
        )
    return str(known[0])


def _missing(pod: Object, container: str, *, previous: bool) -> str:
    name = pod["metadata"]["name"]
    if previous:
        return f'previous terminated container "{container}" in pod "{name}" not found'
    if not dig(pod, "spec", "nodeName"):
        return f"pod {name} does not have a host assigned"
    states = dig(pod, "status", "containerStatuses", default=[])
    reason = next(
        (dig(each, "state", "waiting", "reason") for each in states if each["name"] == container), None
    )
    why = "trying and failing to pull image" if reason in ("ImagePullBackOff", "ErrImagePull") else reason
    return f'container "{container}" in pod "{name}" is waiting to start: {why or "ContainerCreating"}'
