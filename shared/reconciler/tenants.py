"""Tenants' namespaces and what fences them, made once a process and healed at every resync."""

from collections import defaultdict
from threading import Lock

from shared.cluster import labels
from shared.cluster.labels import Platform
from shared.cluster.port import Cluster, Manifest, Ref, Selection
from shared.reconciler.drift import differs
from shared.reconciler.tenancy import TENANT_KINDS, tenant


class Tenants:
    """Which namespaces this process knows to stand. Kept between invocations; shared between threads."""

    def __init__(self) -> None:
        self._standing: set[str] = set()
        self._locks: dict[str, Lock] = defaultdict(Lock)

    def ensure(self, namespace: str, cluster: Cluster, platform: Platform) -> None:
        with self._locks[namespace]:
            if namespace not in self._standing:
                _build(namespace, cluster, platform)
                self._standing.add(namespace)

    def forget(self, namespace: str) -> None:
        """Somebody deleted it, although we knew it to stand."""
        self._standing.discard(namespace)

    def heal(self, cluster: Cluster, platform: Platform) -> None:
        """What was edited or deleted by hand, in every namespace of ours: one list a kind."""
        mine = Selection(labels=labels.ours(platform))
        there = {Ref.of(item): item for kind in TENANT_KINDS for item in cluster.list(kind, mine).items}
        for namespace in [ref.name for ref, item in there.items() if _stands(item)]:
            for manifest in tenant(namespace, platform):
                if differs(manifest, there.get(Ref.of(manifest))):
                    cluster.apply(manifest)


def _build(namespace: str, cluster: Cluster, platform: Platform) -> None:
    """The last is made last, so that it tells of all the others: a new process needs one call, not six."""
    wanted = tenant(namespace, platform)
    if differs(wanted[-1], cluster.get(Ref.of(wanted[-1]))):
        for manifest in wanted:
            cluster.apply(manifest)


def _stands(manifest: Manifest) -> bool:
    return manifest["kind"] == "Namespace" and "deletionTimestamp" not in manifest["metadata"]
