"""The kubelet of the only node: it notices pods, gives each a worker, and writes what becomes of them."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from dataclasses import asdict
from pathlib import Path

from local.cluster import clock, deletion
from local.cluster.events import Recorder
from local.cluster.kubelet.folders import Folders
from local.cluster.kubelet.images import Decision, Run
from local.cluster.kubelet.logs import ContainerLog
from local.cluster.kubelet.runtime import Launch, Runtime
from local.cluster.kubelet.states import pod_status
from local.cluster.kubelet.worker import PodWorker
from local.cluster.objects import Object, annotated, annotations_of, controller_of, dig, terminating, uid_of
from local.cluster.resources import CONFIG_MAPS, PODS, SECRETS
from local.cluster.store import Change, Store

log = logging.getLogger(__name__)

NODE = "local"
ANNOTATIONS = "emulator.eventflow.dev/"
_FINISHED = ("Succeeded", "Failed")


class Kubelet:
    def __init__(self, store: Store, root: Path, runtime: Runtime, events: Recorder) -> None:
        self.runtime = runtime
        self._store = store
        self._events = events
        self._folders = Folders(root, store.get)
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._addresses = 256
        store.listen(self._pod_changed, PODS)
        store.listen(self._config_changed, CONFIG_MAPS)
        store.listen(self._config_changed, SECRETS)

    async def close(self) -> None:
        for task in tuple(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.runtime.close()

    def log_of(self, pod: Object, container: str, *, previous: bool) -> ContainerLog | None:
        worker = self._workers.get(uid_of(pod))
        return worker.log_of(container, previous=previous) if worker else None

    def decide(self, pod: Object, container: Object) -> Decision | Awaitable[Decision]:
        """What to do with an image. Only what a Deployment keeps running can be simulated."""
        owner = controller_of(pod)
        long_running = owner is not None and owner["kind"] == "ReplicaSet"
        return self.runtime.decide(container, long_running=long_running)

    def prepare(self, pod: Object, container: Object, run: Run, ip: str) -> Launch:
        return self._folders.prepare(pod, container, run, ip)

    def log_path(self, pod: Object, container: str, restart: int) -> Path:
        return self._folders.log_path(pod, container, restart)

    def say(self, pod: Object, kind: str, reason: str, message: str) -> None:
        self._events.record(pod, kind, reason, message)

    def publish(self, worker: PodWorker) -> None:
        live = self._store.get(PODS, (worker.pod["metadata"]["namespace"], worker.pod["metadata"]["name"]))
        if live is None or uid_of(live) != uid_of(worker.pod):
            return
        status = pod_status(live, worker.init, worker.containers, worker.ip, clock.now())
        if worker.failed:
            status |= {"phase": "Failed", "reason": worker.failed[0], "message": worker.failed[1]}
        notes = {ANNOTATIONS + name: text for name, text in worker.notes.items()}
        if worker.usage:
            notes[ANNOTATIONS + "usage"] = json.dumps(
                {name: asdict(used) for name, used in worker.usage.items()}
            )
        changed = {**live, "spec": {**live["spec"], "nodeName": NODE}, "status": status}
        if any(annotations_of(live).get(name) != text for name, text in notes.items()):
            changed = annotated(changed, notes)
        if changed != live:
            worker.pod = changed
            worker.pod = self._store.put(PODS, changed)

    def _pod_changed(self, change: Change) -> None:
        pod, uid = change.object, uid_of(change.object)
        worker = self._workers.get(uid)
        if change.type == "DELETED":
            self._gone(uid)
        elif worker is None:
            if not terminating(pod) and dig(pod, "status", "phase") not in _FINISHED:
                self._begin(pod)
        elif terminating(pod) and not worker.stopping:
            worker.stop(pod["metadata"].get("deletionGracePeriodSeconds") or 0)

    def _begin(self, pod: Object) -> None:
        uid = uid_of(pod)
        worker = self._workers[uid] = PodWorker(self, pod, self._address())
        self._tasks[uid] = asyncio.create_task(self._live(uid, worker), name=f"pod {pod['metadata']['name']}")

    async def _live(self, uid: str, worker: PodWorker) -> None:
        try:
            await worker.run()
        except Exception:  # a worker's bug must not take the others with it
            log.exception("pod %s failed inside the emulator", worker.pod["metadata"]["name"])
            worker.failed = ("EmulatorError", "the emulator failed; its log says how")
            self.publish(worker)
        self._tasks.pop(uid, None)
        key = (worker.pod["metadata"]["namespace"], worker.pod["metadata"]["name"])
        live = self._store.get(PODS, key)
        if live is None or uid_of(live) != uid:
            self._workers.pop(uid, None)
            self._folders.remove(uid)
        elif terminating(live):
            ended = {**live, "metadata": {**live["metadata"], "deletionGracePeriodSeconds": 0}}
            if deletion.settle(self._store, PODS, ended) is not None:
                self._store.put(PODS, ended)

    def _gone(self, uid: str) -> None:
        worker = self._workers.get(uid)
        if worker is None:
            return
        if uid in self._tasks:
            worker.stop(0)  # its task cleans up
        else:
            self._workers.pop(uid)
            self._folders.remove(uid)

    def _config_changed(self, change: Change) -> None:
        namespace = change.object["metadata"]["namespace"]
        for worker in self._workers.values():
            if worker.pod["metadata"]["namespace"] == namespace:
                worker.reconsider.set()

    def _address(self) -> str:
        """Every pod has a loopback address of its own."""
        self._addresses += 1
        number = self._addresses
        return f"127.{1 + (number >> 16) % 254}.{number >> 8 & 255}.{number & 255}"
