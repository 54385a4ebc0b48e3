"""All objects in memory, one global resource version, and the history that watches resume from.

Everything happens on one event loop and no method awaits, so each call is atomic.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from local.cluster import errors
from local.cluster.objects import Key, Object, encode, key_of, uid_of
from local.cluster.resources import KINDS, Kind

HISTORY = 10_000  # changes kept per kind; older watches are told 410, as by a compacted etcd


@dataclass(frozen=True)
class Change:
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    kind: Kind
    object: Object
    previous: Object | None
    version: int

    @cached_property
    def encoded(self) -> bytes:
        """Shared by all watches that send this change."""
        return encode(self.object)


@dataclass(slots=True)
class _Shelf:
    """The objects of one kind."""

    items: dict[str, dict[str, Object]] = field(default_factory=dict)  # namespace → name → object
    history: deque[Change] = field(default_factory=deque)
    forgotten: int = 0  # the newest version that the history no longer holds


class Store:
    def __init__(self, first_version: int, history: int = HISTORY) -> None:
        self.version = first_version
        self._kept = history
        self._shelves = {kind: _Shelf(forgotten=first_version) for kind in KINDS}
        self._listeners: dict[Kind | None, list[Callable[[Change], None]]] = {}
        self._uids: dict[str, tuple[Kind, Key]] = {}
        self._dependents: dict[str, dict[tuple[Kind, Key], None]] = {}

    def listen(self, listener: Callable[[Change], None], kind: Kind | None = None) -> Callable[[], None]:
        """Call the listener with each change (of one kind) from now on; returns what ends it."""
        listeners = self._listeners.setdefault(kind, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def get(self, kind: Kind, key: Key) -> Object | None:
        return self._shelves[kind].items.get(key[0], {}).get(key[1])

    def need(self, kind: Kind, key: Key) -> Object:
        if (found := self.get(kind, key)) is None:
            raise errors.not_found(kind, key[1])
        return found

    def all(self, kind: Kind, namespace: str | None = None) -> list[Object]:
        items = self._shelves[kind].items
        if namespace is not None:
            return list(items.get(namespace, {}).values())
        return [item for names in items.values() for item in names.values()]

    def by_uid(self, uid: str) -> tuple[Kind, Object] | None:
        if (found := self._uids.get(uid)) is None:
            return None
        kind, key = found
        return kind, self._shelves[kind].items[key[0]][key[1]]

    def dependents(self, uid: str, kind: Kind | None = None) -> Iterator[tuple[Kind, Object]]:
        """The objects whose owner references name this uid."""
        for owned, key in list(self._dependents.get(uid, ())):
            if (kind is None or owned is kind) and (item := self.get(owned, key)) is not None:
                yield owned, item

    def put(self, kind: Kind, item: Object) -> Object:
        """Store a new object or a new state of a known one, under the next version."""
        key = key_of(item)
        previous = self.get(kind, key)
        self.version += 1
        stored = {**item, "metadata": {**item["metadata"], "resourceVersion": str(self.version)}}
        self._shelves[kind].items.setdefault(key[0], {})[key[1]] = stored
        self._index(kind, key, previous, stored)
        self._tell(Change("MODIFIED" if previous else "ADDED", kind, stored, previous, self.version))
        return stored

    def remove(self, kind: Kind, key: Key) -> Object | None:
        names = self._shelves[kind].items.get(key[0], {})
        if (previous := names.pop(key[1], None)) is None:
            return None
        if not names:
            self._shelves[kind].items.pop(key[0], None)
        self.version += 1
        last = {**previous, "metadata": {**previous["metadata"], "resourceVersion": str(self.version)}}
        self._index(kind, key, previous, None)
        self._tell(Change("DELETED", kind, last, previous, self.version))
        return last

    def since(self, kind: Kind, version: int) -> list[Change]:
        """The changes after a version, oldest first; refuses when some of them are forgotten."""
        shelf = self._shelves[kind]
        if version < shelf.forgotten:
            raise errors.expired(version, shelf.forgotten)
        newer: list[Change] = []
        for change in reversed(shelf.history):
            if change.version <= version:
                break
            newer.append(change)
        return newer[::-1]

    def at(self, kind: Kind, namespace: str | None, version: int) -> dict[Key, Object]:
        """The objects as they were at an earlier version, so that pages of one list agree."""
        items = {key_of(item): item for item in self.all(kind, namespace)}
        for change in reversed(self.since(kind, version)):
            key = key_of(change.object)
            if namespace is not None and key[0] != namespace:
                continue
            if change.previous is None:
                items.pop(key, None)
            else:
                items[key] = change.previous
        return items

    def _index(self, kind: Kind, key: Key, previous: Object | None, current: Object | None) -> None:
        before = _owners(previous)
        after = _owners(current)
        for uid in before - after:
            self._dependents[uid].pop((kind, key), None)
            if not self._dependents[uid]:
                del self._dependents[uid]
        for uid in after - before:
            self._dependents.setdefault(uid, {})[kind, key] = None
        if current is None and previous is not None:
            self._uids.pop(uid_of(previous), None)
        elif current is not None:
            self._uids[uid_of(current)] = (kind, key)

    def _tell(self, change: Change) -> None:
        shelf = self._shelves[change.kind]
        shelf.history.append(change)
        if len(shelf.history) > self._kept:
            shelf.forgotten = shelf.history.popleft().version
        for listener in (*self._listeners.get(change.kind, ()), *self._listeners.get(None, ())):
            listener(change)


def _owners(item: Object | None) -> set[str]:
    if item is None:
        return set()
    return {owner["uid"] for owner in item["metadata"].get("ownerReferences") or ()}
