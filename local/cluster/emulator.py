"""The emulator, put together."""

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from local.cluster import clock
from local.cluster.admission import Admission
from local.cluster.api.server import Api
from local.cluster.api.writes import Writes
from local.cluster.controllers.deployments import Deployments
from local.cluster.controllers.garbage import Garbage
from local.cluster.controllers.jobs import Jobs
from local.cluster.controllers.namespaces import Namespaces
from local.cluster.controllers.quotas import Quotas
from local.cluster.controllers.replicasets import ReplicaSets
from local.cluster.events import Recorder
from local.cluster.kubelet.node import NODE, Kubelet
from local.cluster.kubelet.runtime import Runtime
from local.cluster.objects import Object
from local.cluster.resources import NAMESPACES, NODES
from local.cluster.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Emulator:
    app: Starlette
    kubelet: Kubelet
    loops: tuple[asyncio.Task[None], ...]

    async def close(self) -> None:
        for task in self.loops:
            task.cancel()
        await asyncio.gather(*self.loops, return_exceptions=True)
        await self.kubelet.close()


def build(root: Path, runtime: Runtime, token: str) -> Emulator:
    """Everything, running on the current event loop."""
    # Versions begin where no earlier emulator has been, so that its clients are told 410, not lies.
    store = Store(first_version=time.time_ns() // 1_000_000)
    admission = Admission(store)
    writes = Writes(store, admission)
    cluster_events = Recorder(store, "eventflow-emulator")
    kubelet = Kubelet(store, root, runtime, Recorder(store, "kubelet"))
    controllers = (
        Deployments(store, writes, cluster_events),
        ReplicaSets(store, writes, cluster_events),
        Jobs(store, writes, cluster_events),
        Garbage(store),
        Quotas(store, admission.usage),
        Namespaces(store, writes),
    )
    loops = tuple(asyncio.create_task(controller.queue.run()) for controller in controllers)
    for name in ("default", "kube-system", "kube-public"):
        writes.create(NAMESPACES, "", {"metadata": {"name": name}}, None)
    writes.create(NODES, "", _node(), None)
    app = Starlette(routes=[Mount("/", app=Api(store, writes, kubelet, token))])
    return Emulator(app, kubelet, tuple(loops))


def _node() -> Object:
    return {
        "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE}},
        "spec": {},
        "status": {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "message": "the emulator runs",
                    "lastTransitionTime": clock.timestamp(),
                }
            ],
            "nodeInfo": {"kubeletVersion": "v1.32.0+eventflow-emulator", "operatingSystem": "linux"},
        },
    }
