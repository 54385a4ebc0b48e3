"""Kubernetes' own events: what happened to an object, counted instead of repeated."""

from collections import OrderedDict

from local.cluster import clock
from local.cluster.objects import Key, Object, key_of, terminating, uid_of
from local.cluster.resources import EVENTS, NAMESPACES
from local.cluster.store import Store

_KEPT = 5_000  # a real cluster forgets them after an hour


class Recorder:
    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._known: OrderedDict[tuple[str, str, str], Key] = OrderedDict()

    def record(self, about: Object, kind: str, reason: str, message: str) -> None:
        home = self._store.get(NAMESPACES, ("", about["metadata"].get("namespace", "default")))
        if home is None or terminating(home):
            return
        same = (uid_of(about), reason, message)
        known = self._store.get(EVENTS, self._known[same]) if same in self._known else None
        now = clock.timestamp()
        if known is not None:
            self._store.put(EVENTS, {**known, "count": known["count"] + 1, "lastTimestamp": now})
            return
        made = self._store.put(EVENTS, self._event(about, kind, reason, message, now))
        self._known[same] = key_of(made)
        if len(self._known) > _KEPT:
            _, oldest = self._known.popitem(last=False)
            self._store.remove(EVENTS, oldest)

    def _event(self, about: Object, kind: str, reason: str, message: str, now: str) -> Object:
        meta = about["metadata"]
        namespace = meta.get("namespace", "default")
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{meta['name']}.{clock.nanos():x}",
                "namespace": namespace,
                "uid": clock.new_uid(),
                "creationTimestamp": now,
            },
            "involvedObject": {
                "kind": about["kind"],
                "namespace": namespace,
                "name": meta["name"],
                "uid": meta["uid"],
                "apiVersion": about["apiVersion"],
                "resourceVersion": meta.get("resourceVersion", ""),
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": "",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
        }
