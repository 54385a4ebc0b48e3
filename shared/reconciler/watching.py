"""Following the cluster: one thread a kind lists, watches, and hands on the keys of what changed."""

import time
from threading import Event, Lock, Thread

from shared.cluster import labels
from shared.cluster.labels import Platform
from shared.cluster.port import Changes, Cluster, Selection
from shared.errors import AppError, Gone
from shared.logs import log
from shared.reconciler.keys import Keys
from shared.reconciler.world import KINDS, World

_WATCH_SECONDS = 300
_STOP_SECONDS = 2.0
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)


class Watcher:
    def __init__(self, cluster: Cluster, world: World, keys: Keys, platform: Platform) -> None:
        self._cluster = cluster
        self._world = world
        self._keys = keys
        self._mine = Selection(labels=labels.ours(platform))
        self._stopped = Event()
        self._open: set[Changes] = set()
        self._versions: dict[str, str] = {}
        self._lock = Lock()
        self._threads = [
            Thread(target=self._follow, args=(kind,), name=f"watch-{kind}", daemon=True) for kind in KINDS
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        with self._lock:
            for changes in self._open:
                changes.close()
        patience = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, patience - time.monotonic()))

    @property
    def alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def _follow(self, kind: str) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                if kind not in self._versions:
                    self._list(kind)
                self._listen(kind)
                failures = 0
            except Gone:
                self._versions.pop(kind, None)  # not there if a list of many pages grew too old itself
            except AppError as error:
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                log.warning("watch interrupted", kind=kind, reason=error.message, pause=pause)
                self._stopped.wait(pause)

    def _list(self, kind: str) -> None:
        listing = self._cluster.list(kind, self._mine)
        first = not self._world.complete
        touched = self._world.replace(kind, listing.items)
        self._versions[kind] = listing.resource_version
        if not first:  # the first time all is new, and a resync compares it with the records in batches
            for key in touched:
                self._keys.add(key)

    def _listen(self, kind: str) -> None:
        changes = self._cluster.watch(
            kind, self._mine, resource_version=self._versions[kind], seconds=_WATCH_SECONDS
        )
        with self._lock:
            self._open.add(changes)
        try:
            if self._stopped.is_set():  # since it was asked for
                changes.close()
            for change in changes:
                self._versions[kind] = change.resource_version
                key = self._world.change(change)
                if key is not None:
                    self._keys.add(key)
        finally:
            with self._lock:
                self._open.discard(changes)
