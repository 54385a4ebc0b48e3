"""The status of ResourceQuotas: what is used of what is allowed."""

from local.cluster.admission import quotas
from local.cluster.controllers.queue import WorkQueue
from local.cluster.objects import Key, key_of
from local.cluster.resources import EVENTS, QUOTAS
from local.cluster.store import Change, Store


class Quotas:
    """Its keys are ("", namespace)."""

    def __init__(self, store: Store, usage: quotas.Usage) -> None:
        self._store = store
        self._usage = usage
        self.queue = WorkQueue("quotas", self.reconcile)
        store.listen(self._changed)

    def _changed(self, change: Change) -> None:
        namespace = change.object["metadata"].get("namespace")
        counts = change.type != "MODIFIED" or change.kind.has_status
        if namespace and counts and change.kind is not EVENTS and self._store.all(QUOTAS, namespace):
            self.queue.add(("", namespace))

    def reconcile(self, key: Key) -> None:
        for quota in quotas.open_quotas(self._store, key[1]):
            wanted = quotas.status(quota, self._usage.of(key[1]))
            if quota.get("status") != wanted:
                self._store.put(QUOTAS, {**self._store.need(QUOTAS, key_of(quota)), "status": wanted})
