"""A scene for the reconciler: a cluster and tables in memory, a clock that stands, and what lives in them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.cluster.labels import Key, Platform
from shared.cluster.port import Cluster
from shared.functions.models import Function
from shared.reconciler.apply import Hands
from shared.reconciler.gather import Asking, View, Watching
from shared.reconciler.records import Records
from shared.reconciler.settle import Reconciler
from shared.reconciler.tenants import Tenants
from shared.reconciler.world import World
from shared.runs.models import Run
from tests.reconciler.fake_cluster import NOW, FakeCluster
from tests.reconciler.fake_records import MemoryRecords

RESYNC = timedelta(minutes=10)
PLATFORM = Platform("eventflow")


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Scene:
    """A reconciler on a fake cluster and tables in memory. A new process is a new `reconciler()`."""

    clock: Clock
    cluster: FakeCluster
    records: MemoryRecords

    def reconciler(self, view: View | None = None, records: Records | None = None) -> Reconciler:
        cluster: Cluster = self.cluster
        mine: Records = records or self.records
        hands = Hands(
            cluster, mine, view or Asking(cluster, PLATFORM, self.clock), Tenants(), PLATFORM, self.clock
        )
        return Reconciler(hands, RESYNC)

    def watching(self, world: World) -> View:
        return Watching(world, self.cluster, PLATFORM, self.clock)

    def settle(self, key: Key) -> datetime | None:
        return self.reconciler().settle(key)

    def function(self) -> Function:
        (function,) = self.records.live.values()
        return function

    def run(self) -> Run:
        (run,) = self.records.by_id.values()
        return run


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def platform() -> Platform:
    return PLATFORM


@pytest.fixture
def resync() -> timedelta:
    return RESYNC


@pytest.fixture
def new_scene() -> Callable[[], Scene]:
    def new() -> Scene:
        clock = Clock()
        return Scene(clock, FakeCluster(), MemoryRecords(clock))

    return new


@pytest.fixture
def scene(new_scene: Callable[[], Scene]) -> Scene:
    return new_scene()


@pytest.fixture
def a_function() -> Callable[..., Function]:
    def make(**changes: Any) -> Function:
        values: dict[str, Any] = {
            "id": "0197-f1",
            "owner": "alice",
            "name": "hello",
            "namespace": "tenant-alice",
            "image": "python:3.11",
            "replicas": 1,
            "command": ("python", "app.py"),
            "env": {"GREETING": "hi"},
            "created_at": NOW,
            "updated_at": NOW,
            "deadline_at": NOW + timedelta(minutes=10),
            "due_at": NOW,
        }
        return Function(**values | changes)

    return make


@pytest.fixture
def a_run() -> Callable[..., Run]:
    def make(**changes: Any) -> Run:
        values: dict[str, Any] = {
            "id": "0197-r1",
            "kind": "invocation",
            "owner": "alice",
            "namespace": "tenant-alice",
            "source_id": "0197-f1",
            "source_name": "hello",
            "job_name": "hello-invoke-1",
            "image": "python:3.11",
            "command": ("python", "app.py"),
            "env": {"GREETING": "hi"},
            "timeout_seconds": 30,
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "created_at": NOW,
            "deadline_at": NOW + timedelta(minutes=10),
            "due_at": NOW,
        }
        return Run(**values | changes)

    return make
