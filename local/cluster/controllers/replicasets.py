"""ReplicaSet → pods: as many as wanted, and a status that counts them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from local.cluster import clock, deletion
from local.cluster.api.writes import Writes
from local.cluster.controllers.ownership import pod_of
from local.cluster.controllers.queue import Retry, WorkQueue
from local.cluster.errors import ApiError
from local.cluster.events import Recorder
from local.cluster.objects import (
    Key,
    Object,
    controller_of,
    dig,
    key_of,
    parse_time,
    rfc3339,
    terminating,
    uid_of,
)
from local.cluster.resources import PODS, QUOTAS, REPLICA_SETS
from local.cluster.store import Change, Store


def active(pod: Object) -> bool:
    return not terminating(pod) and dig(pod, "status", "phase") not in ("Succeeded", "Failed")


def ready_since(pod: Object) -> datetime | None:
    for condition in dig(pod, "status", "conditions", default=()):
        if condition["type"] == "Ready" and condition["status"] == "True":
            return parse_time(condition["lastTransitionTime"])
    return None


def surplus(pods: Sequence[Object], count: int) -> list[Object]:
    """Which pods to give up: those that are not ready first, then the youngest."""
    return sorted(
        pods, key=lambda pod: (ready_since(pod) is not None, -int(pod["metadata"]["resourceVersion"]))
    )[:count]


def status(replica_set: Object, pods: Sequence[Object], failure: str, now: datetime) -> Object:
    wait = timedelta(seconds=replica_set["spec"].get("minReadySeconds") or 0)
    ready = [since for pod in pods if (since := ready_since(pod)) is not None]
    counted = {
        "fullyLabeledReplicas": len(pods),
        "readyReplicas": len(ready),
        "availableReplicas": sum(1 for since in ready if since + wait <= now),
    }
    result: Object = {
        "replicas": len(pods),
        **{name: count for name, count in counted.items() if count},
        "observedGeneration": replica_set["metadata"]["generation"],
    }
    if failure:
        before = dig(replica_set, "status", "conditions", 0, default={})
        moment = before.get("lastTransitionTime") or rfc3339(now)
        result["conditions"] = [
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": "FailedCreate",
                "message": failure,
                "lastTransitionTime": moment,
            }
        ]
    return result


class ReplicaSets:
    def __init__(self, store: Store, writes: Writes, events: Recorder) -> None:
        self._store = store
        self._writes = writes
        self._events = events
        self.queue = WorkQueue("replicasets", self.reconcile)
        store.listen(lambda change: self.queue.add(key_of(change.object)), REPLICA_SETS)
        store.listen(self._pod_changed, PODS)
        store.listen(lambda change: self.queue.hurry(change.object["metadata"]["namespace"]), QUOTAS)

    def _pod_changed(self, change: Change) -> None:
        owner = controller_of(change.object)
        if owner is not None and owner["kind"] == REPLICA_SETS.kind:
            self.queue.add((change.object["metadata"]["namespace"], owner["name"]))

    def reconcile(self, key: Key) -> None:
        item = self._store.get(REPLICA_SETS, key)
        if item is None:
            return
        pods = [pod for _, pod in self._store.dependents(uid_of(item), PODS) if active(pod)]
        missing = item["spec"]["replicas"] - len(pods)
        failure = ""
        if not terminating(item) and missing:
            failure = self._create(item, missing) if missing > 0 else self._remove(item, pods, -missing)
            pods = [pod for _, pod in self._store.dependents(uid_of(item), PODS) if active(pod)]
        self._write(item, status(item, pods, failure, clock.now()))
        self._wait_for_availability(item, pods)
        if failure:
            raise Retry(failure)

    def _create(self, item: Object, count: int) -> str:
        for _ in range(count):
            try:
                pod = self._writes.create(PODS, item["metadata"]["namespace"], pod_of(item), None)
            except ApiError as error:
                self._events.record(item, "Warning", "FailedCreate", f"Error creating: {error.message}")
                return error.message
            self._events.record(item, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return ""

    def _remove(self, item: Object, pods: Sequence[Object], count: int) -> str:
        for pod in surplus(pods, count):
            deletion.delete(self._store, PODS, pod)
            self._events.record(item, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        return ""

    def _write(self, item: Object, wanted: Object) -> None:
        if item.get("status") != wanted:
            self._store.put(REPLICA_SETS, {**item, "status": wanted})

    def _wait_for_availability(self, item: Object, pods: Sequence[Object]) -> None:
        wait = item["spec"].get("minReadySeconds") or 0
        if wait and any(
            (since := ready_since(pod)) is not None and since + timedelta(seconds=wait) > clock.now()
            for pod in pods
        ):
            self.queue.add_after(key_of(item), wait)
