"""A cluster that fits in a test: it does what the reconciler relies on, and fails on demand."""

import copy
import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.clock import iso
from shared.cluster.port import (
    EVERYTHING,
    Change,
    Changes,
    Listing,
    LogQuery,
    Manifest,
    Ref,
    Refused,
    Selection,
)
from shared.errors import Conflict, Gone, NotFound, Unavailable

NOW = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here. Not an Exception: nothing in the reconciler may catch it."""


@dataclass
class Faults:
    """Fails the nth call from now on, once. `error` makes what is raised; calls are counted all the same."""

    at: int | None = None
    error: Callable[[], BaseException] = Killed
    calls: int = 0

    def strike(self) -> None:
        self.calls += 1
        if self.calls == self.at:
            raise self.error()


@dataclass
class FakeCluster:
    """Holds objects as they were given. `after` also fails after the write, as a lost answer does."""

    now: datetime = NOW
    before: Faults = field(default_factory=Faults)
    after: Faults = field(default_factory=Faults)
    objects: dict[Ref, Manifest] = field(default_factory=dict)
    printed: dict[Ref, bytes] = field(default_factory=dict)
    refusals: dict[str, Refused] = field(default_factory=dict)
    reachable: bool = True
    verbs: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _watches: list["FakeWatch"] = field(default_factory=list)

    def apply(self, manifest: Manifest) -> Manifest:
        with self._called(f"apply {manifest['kind']}"):
            self._admit(manifest)
            return self.put(_merged(self.objects.get(Ref.of(manifest), {}), manifest))

    def create(self, manifest: Manifest) -> Manifest:
        with self._called(f"create {manifest['kind']}"):
            present = self.objects.get(Ref.of(manifest))
            if present is not None:
                return copy.deepcopy(present)
            self._admit(manifest)
            return self.put(manifest)

    def get(self, ref: Ref) -> Manifest | None:
        with self._called(f"get {ref.kind}"):
            return copy.deepcopy(self.objects.get(ref))

    def list(self, kind: str, selection: Selection = EVERYTHING) -> Listing:
        with self._called(f"list {kind}"):
            found = [
                copy.deepcopy(item)
                for ref, item in self.objects.items()
                if _selected(ref, item, kind, selection)
            ]
            return Listing(tuple(found), str(next(self._versions)))

    def watch(
        self, kind: str, selection: Selection = EVERYTHING, *, resource_version: str, seconds: int
    ) -> Changes:
        with self._called(f"watch {kind}"):
            watch = FakeWatch(kind, selection, int(resource_version))
            self._watches.append(watch)
            return watch

    def delete(self, ref: Ref, *, uid: str | None = None) -> None:
        with self._called(f"delete {ref.kind}"):
            present = self.objects.get(ref)
            if present is None:
                return
            if uid is not None and present["metadata"]["uid"] != uid:
                raise Conflict("another object of that name")
            self.remove(ref)

    def logs(self, pod: Ref, query: LogQuery) -> bytes:
        with self._called("logs"):
            if pod not in self.printed:
                raise NotFound("no log")
            return self.printed[pod][: query.limit_bytes]

    def follow(self, pod: Ref, query: LogQuery, *, seconds: float) -> Iterator[str]:
        yield from self.logs(pod, query).decode().splitlines()

    def version(self) -> str:
        return "v1.34.0"

    def put(self, manifest: Manifest) -> Manifest:
        """What the cluster does by itself: metadata, and telling whoever watches."""
        with self.lock:
            return self._put(manifest)

    def _put(self, manifest: Manifest) -> Manifest:
        ref = Ref.of(manifest)
        before = self.objects.get(ref)
        item = copy.deepcopy(manifest)
        metadata = item["metadata"]
        metadata.setdefault("uid", f"uid-{next(self._versions)}")
        metadata.setdefault("creationTimestamp", iso(self.now))
        metadata["generation"] = (before or {}).get("metadata", {}).get("generation", 0) + (
            before is None or before.get("spec") != item.get("spec")
        )
        if before is not None and _bare(before) == _bare(item):
            return copy.deepcopy(before)
        metadata["resourceVersion"] = str(next(self._versions))
        self.objects[ref] = item
        self._tell("MODIFIED" if before else "ADDED", item)
        return copy.deepcopy(item)

    def remove(self, ref: Ref) -> None:
        """With what it owns, and for a namespace all that is in it."""
        with self.lock:
            self._remove(ref)

    def _remove(self, ref: Ref) -> None:
        gone = self.objects.pop(ref)
        self._tell("DELETED", gone)
        for other, item in list(self.objects.items()):
            owners = [owner["uid"] for owner in item["metadata"].get("ownerReferences", ())]
            inside = ref.kind == "Namespace" and other.namespace == ref.name
            if other in self.objects and (inside or gone["metadata"]["uid"] in owners):
                self._remove(other)

    def forget(self) -> None:
        """As a real cluster after a while: running watches end, and must begin with a new list."""
        for watch in self._watches:
            watch.gone()

    def _called(self, verb: str) -> "_Call":
        return _Call(self, verb)

    def _admit(self, manifest: Manifest) -> None:
        if refusal := self.refusals.get(manifest["kind"]):
            raise refusal
        namespace = manifest["metadata"].get("namespace")
        if namespace and Ref("Namespace", namespace) not in self.objects:
            raise NotFound(f"namespaces {namespace!r} not found")

    def _tell(self, type_: Any, item: Manifest) -> None:
        for watch in self._watches:
            watch.tell(Change(type_, copy.deepcopy(item)))


class _Call:
    def __init__(self, cluster: FakeCluster, verb: str) -> None:
        self._cluster = cluster
        self._verb = verb

    def __enter__(self) -> None:
        self._cluster.verbs.append(self._verb)
        self._cluster.before.strike()
        if not self._cluster.reachable:
            raise Unavailable("the cluster does not answer")
        self._cluster.lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._cluster.lock.release()
        if kind is None:
            self._cluster.after.strike()


class FakeWatch:
    def __init__(self, kind: str, selection: Selection, since: int) -> None:
        self._kind = kind
        self._selection = selection
        self._since = since
        self._told: queue.Queue[Change | type[Gone] | None] = queue.Queue()

    def tell(self, change: Change) -> None:
        if _selected(Ref.of(change.object), change.object, self._kind, self._selection):
            self._told.put(change)

    def gone(self) -> None:
        self._told.put(Gone)

    def close(self) -> None:
        self._told.put(None)

    def __iter__(self) -> Iterator[Change]:
        while (told := self._told.get()) is not None:
            if not isinstance(told, Change):
                raise told("too old")
            yield told


def _merged(present: Any, wanted: Any) -> Any:
    """Server-side apply, as far as one manager with whole lists needs it."""
    if isinstance(present, dict) and isinstance(wanted, dict):
        return present | {key: _merged(present.get(key), value) for key, value in wanted.items()}
    return copy.deepcopy(wanted)


def _bare(item: Manifest) -> Manifest:
    metadata = {key: value for key, value in item["metadata"].items() if key != "resourceVersion"}
    return item | {"metadata": metadata}


def _selected(ref: Ref, item: Manifest, kind: str, selection: Selection) -> bool:
    labels = item["metadata"].get("labels", {})
    about = item.get("involvedObject", {})
    return (
        ref.kind == kind
        and selection.namespace in {"", ref.namespace}
        and selection.labels.items() <= labels.items()
        and all(about.get(path.rpartition(".")[2]) == value for path, value in selection.fields.items())
    )
