"""How an object goes away: grace periods, finalizers and what happens to the objects it owns."""

from datetime import timedelta
from typing import Literal

from local.cluster import clock
from local.cluster.objects import Object, dig, key_of, rfc3339, terminating, uid_of
from local.cluster.resources import JOBS, NAMESPACES, PODS, Kind
from local.cluster.store import Store

Policy = Literal["Foreground", "Background", "Orphan"]

FOREGROUND = "foregroundDeletion"
_FINISHED = ("Succeeded", "Failed")


def default_policy(kind: Kind) -> Policy:
    """Without a policy a Job leaves its pods behind: batch/v1 keeps this for its earliest clients."""
    return "Orphan" if kind is JOBS else "Background"


def delete(
    store: Store, kind: Kind, item: Object, *, policy: Policy = "Background", grace: int | None = None
) -> Object | None:
    """Begin to delete an object; returns what is left of it, None when it is gone."""
    if policy == "Orphan":
        _orphan(store, item)
    seconds = _grace(kind, item, grace)
    if terminating(item) and not _sooner(item, seconds):
        return item
    finalizers = list(item["metadata"].get("finalizers") or ())
    if policy == "Foreground" and FOREGROUND not in finalizers and any(store.dependents(uid_of(item))):
        finalizers.append(FOREGROUND)
    if not finalizers and not seconds and not (kind is NAMESPACES and item["spec"].get("finalizers")):
        store.remove(kind, key_of(item))
        return None
    return store.put(kind, _marked(kind, item, finalizers, seconds))


def settle(store: Store, kind: Kind, item: Object) -> Object | None:
    """Remove a terminating object that nothing holds back any more; returns what is left."""
    if not terminating(item) or item["metadata"].get("finalizers"):
        return item
    if kind is NAMESPACES and item["spec"].get("finalizers"):
        return item
    if item["metadata"].get("deletionGracePeriodSeconds"):
        return item
    store.remove(kind, key_of(item))
    return None


def release(store: Store, kind: Kind, item: Object, finalizer: str) -> None:
    """Take one finalizer away."""
    left = [each for each in item["metadata"].get("finalizers") or () if each != finalizer]
    stored = store.put(kind, {**item, "metadata": _with_finalizers(item["metadata"], left)})
    settle(store, kind, stored)


def _with_finalizers(meta: Object, finalizers: list[str]) -> Object:
    kept = {name: value for name, value in meta.items() if name != "finalizers"}
    return {**kept, "finalizers": finalizers} if finalizers else kept


def _marked(kind: Kind, item: Object, finalizers: list[str], seconds: int) -> Object:
    meta = {
        **_with_finalizers(item["metadata"], finalizers),
        "deletionTimestamp": rfc3339(clock.now() + timedelta(seconds=seconds)),
        "deletionGracePeriodSeconds": seconds,
    }
    if "generation" in meta and not terminating(item):
        meta["generation"] += 1
    marked = {**item, "metadata": meta}
    if kind is NAMESPACES:
        marked["status"] = {**(item.get("status") or {}), "phase": "Terminating"}
    return marked


def _grace(kind: Kind, item: Object, asked: int | None) -> int:
    """Only a pod that may have processes is given time."""
    if kind is not PODS or not dig(item, "spec", "nodeName") or dig(item, "status", "phase") in _FINISHED:
        return 0
    seconds: int = item["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked
    return seconds


def _sooner(item: Object, seconds: int) -> bool:
    held: int = item["metadata"].get("deletionGracePeriodSeconds") or 0
    return seconds < held


def _orphan(store: Store, item: Object) -> None:
    uid = uid_of(item)
    for kind, owned in list(store.dependents(uid)):
        meta = owned["metadata"]
        owners = [owner for owner in meta["ownerReferences"] if owner["uid"] != uid]
        kept = {name: value for name, value in meta.items() if name != "ownerReferences"}
        store.put(kind, {**owned, "metadata": {**kept, "ownerReferences": owners} if owners else kept})
