"""Owner references: what nobody owns any more is deleted, and owners wait for what holds them back."""

from local.cluster import deletion
from local.cluster.controllers.queue import WorkQueue
from local.cluster.deletion import FOREGROUND
from local.cluster.objects import Key, Object, key_of, terminating, uid_of
from local.cluster.resources import Kind
from local.cluster.store import Change, Store


class Garbage:
    """Its keys are ("", uid)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.queue = WorkQueue("garbage", self.reconcile)
        store.listen(self._changed)

    def _changed(self, change: Change) -> None:
        meta = change.object["metadata"]
        owners = meta.get("ownerReferences") or ()
        if change.type != "DELETED":
            if (owners and change.type == "ADDED") or FOREGROUND in (meta.get("finalizers") or ()):
                self.queue.add(("", meta["uid"]))
            return
        for _, owned in self._store.dependents(meta["uid"]):
            self.queue.add(("", uid_of(owned)))
        for owner in owners:
            self.queue.add(("", owner["uid"]))

    def reconcile(self, key: Key) -> None:
        found = self._store.by_uid(key[1])
        if found is None:
            return
        kind, item = found
        if self._abandoned(item):
            deletion.delete(self._store, kind, item)
        elif FOREGROUND in (item["metadata"].get("finalizers") or ()):
            self._wait_for_dependents(kind, item)

    def _abandoned(self, item: Object) -> bool:
        owners = item["metadata"].get("ownerReferences") or ()
        return bool(owners) and all(self._store.by_uid(owner["uid"]) is None for owner in owners)

    def _wait_for_dependents(self, kind: Kind, item: Object) -> None:
        uid = uid_of(item)
        for owned_kind, owned in list(self._store.dependents(uid)):
            if not terminating(owned):
                deletion.delete(self._store, owned_kind, owned, policy="Foreground")
        if not any(_blocks(uid, owned) for _, owned in self._store.dependents(uid)):
            deletion.release(self._store, kind, self._store.need(kind, key_of(item)), FOREGROUND)


def _blocks(uid: str, owned: Object) -> bool:
    """Whether the owner has to wait for this one."""
    owners = owned["metadata"]["ownerReferences"]
    return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in owners)
