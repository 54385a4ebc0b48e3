"""Watches: the changes of one kind from a version on, as a stream of events."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from local.cluster import errors
from local.cluster.api import views
from local.cluster.objects import Object, encode, key_of
from local.cluster.resources import Kind
from local.cluster.store import Change, Store

BOOKMARK_EVERY = 10.0
LONGEST = 3600.0
BACKLOG = 50_000  # a client that is further behind is cut off and resumes from its last version


@dataclass(frozen=True)
class WatchQuery:
    kind: Kind
    namespace: str | None
    matches: Callable[[Object], bool]
    version: str = ""
    bookmarks: bool = False
    initial_events: bool = False
    timeout: float = LONGEST


def event(kind: str, encoded: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + encoded + b"}\n"


def seen_by(query: WatchQuery, change: Change) -> bytes | None:
    """The change as this watch tells it: an object that stops matching is deleted for it."""
    if query.namespace is not None and key_of(change.object)[0] != query.namespace:
        return None
    before = change.previous is not None and query.matches(change.previous)
    after = change.type != "DELETED" and query.matches(change.object)
    match before, after:
        case False, True:
            return event("ADDED", _encoded(query, change))
        case True, True:
            return event("MODIFIED", _encoded(query, change))
        case True, False:
            return event("DELETED", _encoded(query, change))
    return None


def _encoded(query: WatchQuery, change: Change) -> bytes:
    if query.kind is change.kind:
        return change.encoded
    return encode(views.shown(query.kind, change.object))


def _bookmark(kind: Kind, version: int, *, initial_events_end: bool = False) -> bytes:
    meta: Object = {"resourceVersion": str(version), "creationTimestamp": None}
    if initial_events_end:
        meta["annotations"] = {"k8s.io/initial-events-end": "true"}
    return event("BOOKMARK", encode({"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}))


class Watch:
    def __init__(self, store: Store, query: WatchQuery) -> None:
        self._store = store
        self._query = query
        self._stored = views.stored(query.kind)
        self._pending: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    def _hear(self, change: Change) -> None:
        self._pending.append(change)
        self._closed = self._closed or len(self._pending) > BACKLOG
        self._wake.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        stop = self._store.listen(self._hear, self._stored)
        try:
            try:
                first = b"".join(self._first())
            except errors.ApiError as error:
                yield event("ERROR", encode(error.status()))
                return
            if first:
                yield first
            async for chunk in self._changes():
                yield chunk
        finally:
            stop()

    def _first(self) -> Iterator[bytes]:
        query, store = self._query, self._store
        from_now = query.version in ("", "0")
        if from_now or query.initial_events:
            for item in sorted(store.all(self._stored, query.namespace), key=key_of):
                if query.matches(item):
                    yield event("ADDED", encode(views.shown(query.kind, item)))
            if query.initial_events and query.bookmarks:
                yield _bookmark(query.kind, store.version, initial_events_end=True)
            return
        for change in store.since(self._stored, int(query.version)):
            if (told := seen_by(query, change)) is not None:
                yield told

    async def _changes(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + min(self._query.timeout, LONGEST)
        next_bookmark = loop.time() + BOOKMARK_EVERY
        while not self._closed:
            try:
                async with asyncio.timeout_at(min(end, next_bookmark)):
                    await self._wake.wait()
            except TimeoutError:
                if self._query.bookmarks:
                    yield _bookmark(self._query.kind, self._store.version)
                next_bookmark = loop.time() + BOOKMARK_EVERY
                if loop.time() >= end:
                    return
                continue
            self._wake.clear()
            if chunk := self._drained():
                yield chunk

    def _drained(self) -> bytes:
        told = []
        while self._pending:
            if (line := seen_by(self._query, self._pending.popleft())) is not None:
                told.append(line)
        return b"".join(told)
