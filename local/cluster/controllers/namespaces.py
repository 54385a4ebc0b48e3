"""Namespaces: what a new one contains, and how a deleted one is emptied first."""

from local.cluster import deletion
from local.cluster.api.writes import Writes
from local.cluster.controllers.queue import WorkQueue
from local.cluster.objects import Key, key_of, terminating
from local.cluster.resources import CONFIG_MAPS, EVENTS, KINDS, NAMESPACES, SERVICE_ACCOUNTS
from local.cluster.store import Change, Store


class Namespaces:
    def __init__(self, store: Store, writes: Writes) -> None:
        self._store = store
        self._writes = writes
        self._emptying: set[str] = set()
        self.queue = WorkQueue("namespaces", self.reconcile)
        store.listen(lambda change: self.queue.add(key_of(change.object)), NAMESPACES)
        store.listen(self._changed)

    def _changed(self, change: Change) -> None:
        namespace = change.object["metadata"].get("namespace")
        if change.type == "DELETED" and namespace in self._emptying:
            self.queue.add(("", namespace))

    def reconcile(self, key: Key) -> None:
        item = self._store.get(NAMESPACES, key)
        if item is None:
            self._emptying.discard(key[1])
        elif terminating(item):
            self._emptying.add(key[1])
            self._empty(key)
        else:
            self._furnish(key[1])

    def _furnish(self, name: str) -> None:
        """What every namespace of a real cluster has from the beginning."""
        if self._store.get(SERVICE_ACCOUNTS, (name, "default")) is None:
            self._writes.create(SERVICE_ACCOUNTS, name, {"metadata": {"name": "default"}}, None)
        if self._store.get(CONFIG_MAPS, (name, "kube-root-ca.crt")) is None:
            self._writes.create(
                CONFIG_MAPS, name, {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ""}}, None
            )

    def _empty(self, key: Key) -> None:
        left = 0
        for kind in KINDS:
            if not kind.namespaced or kind.read_only:
                continue
            for each in self._store.all(kind, key[1]):
                if not terminating(each):
                    deletion.delete(self._store, kind, each)
            left += len(self._store.all(kind, key[1])) if kind is not EVENTS else 0
        if not left:
            item = self._store.need(NAMESPACES, key)
            stored = self._store.put(NAMESPACES, {**item, "spec": {**item["spec"], "finalizers": []}})
            deletion.settle(self._store, NAMESPACES, stored)
