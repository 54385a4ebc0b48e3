"""Deployment → ReplicaSets: one per template, the newest with the wanted replicas."""

from collections.abc import Sequence

from local.cluster import clock, deletion
from local.cluster.api.writes import Writes
from local.cluster.controllers import rollout
from local.cluster.controllers.ownership import owner_reference
from local.cluster.controllers.queue import WorkQueue
from local.cluster.controllers.replicasets import active
from local.cluster.events import Recorder
from local.cluster.objects import (
    Key,
    Object,
    annotated,
    annotations_of,
    controller_of,
    key_of,
    labels_of,
    replaced,
    terminating,
    uid_of,
)
from local.cluster.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from local.cluster.store import Change, Store

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"


def _revision(item: Object) -> int:
    return int(annotations_of(item).get(REVISION, "0"))


class Deployments:
    def __init__(self, store: Store, writes: Writes, events: Recorder) -> None:
        self._store = store
        self._writes = writes
        self._events = events
        self.queue = WorkQueue("deployments", self.reconcile)
        store.listen(lambda change: self.queue.add(key_of(change.object)), DEPLOYMENTS)
        store.listen(self._replica_set_changed, REPLICA_SETS)

    def _replica_set_changed(self, change: Change) -> None:
        owner = controller_of(change.object)
        if owner is not None and owner["kind"] == DEPLOYMENTS.kind:
            self.queue.add((change.object["metadata"]["namespace"], owner["name"]))

    def reconcile(self, key: Key) -> None:
        item = self._store.get(DEPLOYMENTS, key)
        if item is None or terminating(item):
            return
        new, old = self._sets(item)
        if not item["spec"].get("paused"):
            scales = rollout.scales(item, new, old, old_pods=self._pods_of(old))
            if new is None:
                new = self._create(item, old, scales.pop("", 0))
            for replica_set in (*old, new):
                if (count := scales.get(uid_of(replica_set))) is not None:
                    self._scale(item, replica_set, count)
            item = self._mark(item, new, old)
            new, old = self._sets(item)
            self._forget(item, old)
        self._write(item, rollout.status(item, new, old, clock.now()))

    def _sets(self, item: Object) -> tuple[Object | None, list[Object]]:
        """The ReplicaSet of the current template, and the others, oldest first."""
        wanted = rollout.template_hash(item["spec"]["template"])
        owned = [
            each for _, each in self._store.dependents(uid_of(item), REPLICA_SETS) if not terminating(each)
        ]
        new = next((each for each in owned if labels_of(each).get(HASH) == wanted), None)
        return new, sorted((each for each in owned if each is not new), key=_revision)

    def _pods_of(self, sets: Sequence[Object]) -> int:
        """Pods that still run, those that are told to stop included."""
        return sum(
            1
            for each in sets
            for _, pod in self._store.dependents(uid_of(each), PODS)
            if active(pod) or terminating(pod)
        )

    def _create(self, item: Object, old: Sequence[Object], replicas: int) -> Object:
        template = item["spec"]["template"]
        label = {HASH: rollout.template_hash(template)}
        meta = template.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), **label}
        selector = item["spec"]["selector"]
        spec = {
            "replicas": replicas,
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **label}},
            "template": {**template, "metadata": {**meta, "labels": labels}},
        }
        if wait := item["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = wait
        revision = str(1 + max((_revision(each) for each in old), default=0))
        made = self._writes.create(
            REPLICA_SETS,
            item["metadata"]["namespace"],
            {
                "metadata": {
                    "name": f"{item['metadata']['name']}-{label[HASH]}",
                    "labels": labels,
                    "annotations": {REVISION: revision},
                    "ownerReferences": [owner_reference(item)],
                },
                "spec": spec,
            },
            None,
        )
        self._say_scaled(item, made, 0, replicas)
        return made

    def _scale(self, item: Object, replica_set: Object, count: int) -> None:
        before = replica_set["spec"]["replicas"]
        changed = replaced(replica_set, ("spec", "replicas"), count)
        generation = replica_set["metadata"]["generation"] + 1
        self._store.put(REPLICA_SETS, replaced(changed, ("metadata", "generation"), generation))
        self._say_scaled(item, replica_set, before, count)

    def _say_scaled(self, item: Object, replica_set: Object, before: int, after: int) -> None:
        way = "up" if after >= before else "down"
        message = f"Scaled {way} replica set {replica_set['metadata']['name']} from {before} to {after}"
        self._events.record(item, "Normal", "ScalingReplicaSet", message)

    def _mark(self, item: Object, new: Object, old: Sequence[Object]) -> Object:
        """Write the revision down; an old ReplicaSet that is wanted again becomes the newest."""
        revision = str(max(_revision(new), 1 + max((_revision(each) for each in old), default=0)))
        live = self._store.need(REPLICA_SETS, key_of(new))
        if annotations_of(live).get(REVISION) != revision:
            self._store.put(REPLICA_SETS, annotated(live, {REVISION: revision}))
        if annotations_of(item).get(REVISION) != revision:
            return self._store.put(DEPLOYMENTS, annotated(item, {REVISION: revision}))
        return item

    def _forget(self, item: Object, old: Sequence[Object]) -> None:
        """Old ReplicaSets without pods are kept only as far back as the spec says."""
        empty = [each for each in old if not each["spec"]["replicas"] and not self._pods_of([each])]
        for each in empty[: max(len(empty) - item["spec"]["revisionHistoryLimit"], 0)]:
            deletion.delete(self._store, REPLICA_SETS, each)

    def _write(self, item: Object, wanted: Object) -> None:
        if item.get("status") != wanted:
            item = self._store.put(DEPLOYMENTS, {**item, "status": wanted})
        if (end := rollout.deadline(item)) is not None:
            self.queue.add_after(key_of(item), (end - clock.now()).total_seconds() + 0.01)
