"""A pod's status from the states of its containers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from local.cluster.kubelet.runtime import Exit
from local.cluster.objects import Object, dig, rfc3339


@dataclass(frozen=True)
class Waiting:
    reason: str = "ContainerCreating"
    message: str = ""

    def as_json(self) -> Object:
        said = {"reason": self.reason, "message": self.message}
        return {"waiting": {name: value for name, value in said.items() if value}}


@dataclass(frozen=True)
class Running:
    started: datetime

    def as_json(self) -> Object:
        return {"running": {"startedAt": rfc3339(self.started)}}


@dataclass(frozen=True)
class Terminated:
    exit: Exit
    started: datetime
    finished: datetime
    container_id: str
    reason: str = ""

    def as_json(self) -> Object:
        said: Object = {
            "exitCode": self.exit.code,
            "reason": self.reason or self.exit.reason or ("Error" if self.exit.code else "Completed"),
            "startedAt": rfc3339(self.started),
            "finishedAt": rfc3339(self.finished),
            "containerID": self.container_id,
        }
        if self.exit.signal:
            said["signal"] = self.exit.signal
        if self.exit.message:
            said["message"] = self.exit.message
        return {"terminated": said}


@dataclass(frozen=True)
class ContainerState:
    """What is known of one container of a pod."""

    name: str
    image: str
    state: Waiting | Running | Terminated = Waiting()
    last: Terminated | None = None
    restarts: int = 0
    container_id: str = ""

    @property
    def ended(self) -> Terminated | None:
        """The end that counts for the pod's phase: also that of a container that waits to be restarted."""
        if isinstance(self.state, Terminated):
            return self.state
        return self.last if isinstance(self.state, Waiting) else None

    @property
    def succeeded(self) -> bool:
        return self.ended is not None and self.ended.exit.code == 0

    def as_json(self) -> Object:
        running = isinstance(self.state, Running)
        said: Object = {
            "name": self.name,
            "state": self.state.as_json(),
            "lastState": self.last.as_json() if self.last else {},
            "ready": running,
            "started": running,
            "restartCount": self.restarts,
            "image": self.image,
            "imageID": f"emulator://{self.image}" if self.container_id else "",
        }
        return said | {"containerID": self.container_id} if self.container_id else said


def phase(policy: str, init: Sequence[ContainerState], containers: Sequence[ContainerState]) -> str:
    if any(not each.succeeded for each in init):
        failed = any(isinstance(each.state, Terminated) and not each.succeeded for each in init)
        return "Failed" if failed and policy == "Never" else "Pending"
    if any(isinstance(each.state, Waiting) and each.last is None for each in containers):
        return "Pending"
    if any(each.ended is None for each in containers) or policy == "Always":
        return "Running"
    if all(each.succeeded for each in containers):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def pod_status(
    pod: Object,
    init: Sequence[ContainerState],
    containers: Sequence[ContainerState],
    ip: str,
    now: datetime,
) -> Object:
    before = pod.get("status") or {}
    policy = pod["spec"]["restartPolicy"]
    current = phase(policy, init, containers)
    initialized = all(each.succeeded for each in init)
    done = current in ("Succeeded", "Failed")
    unready = [each.name for each in containers if not isinstance(each.state, Running)]
    ready = not unready
    why = {} if ready else {"reason": "PodCompleted"} if done else _unready(unready)
    wanted: list[Object] = [
        {"type": "PodReadyToStartContainers", "status": "False" if done else "True"},
        {"type": "Initialized", "status": str(initialized)},
        {"type": "Ready", "status": str(ready), **why},
        {"type": "ContainersReady", "status": str(ready), **why},
        {"type": "PodScheduled", "status": "True"},
    ]
    status: Object = {
        "phase": current,
        "conditions": conditions(before.get("conditions") or (), wanted, now),
        "hostIP": "127.0.0.1",
        "hostIPs": [{"ip": "127.0.0.1"}],
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": before.get("startTime") or rfc3339(now),
        "containerStatuses": [each.as_json() for each in containers],
        "qosClass": _quality(pod["spec"]),
    }
    if init:
        status["initContainerStatuses"] = [each.as_json() for each in init]
    return status


def _unready(names: Sequence[str]) -> Object:
    return {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(names)}]"}


def conditions(before: Sequence[Object], wanted: Sequence[Object], now: datetime) -> list[Object]:
    """The wanted conditions; the time of a transition stays while the status does."""
    known = {each["type"]: each for each in before}
    result = []
    for each in wanted:
        old = known.get(each["type"])
        same = old is not None and old["status"] == each["status"]
        moment = old.get("lastTransitionTime") if same and old else None
        result.append({**each, "lastTransitionTime": moment or rfc3339(now)})
    return result


def _quality(spec: Object) -> str:
    every = [dig(each, "resources", default={}) for each in spec["containers"]]
    if not any(each.get("requests") or each.get("limits") for each in every):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= (each.get("limits") or {}).keys() and each.get("requests") == each.get("limits")
        for each in every
    )
    return "Guaranteed" if guaranteed else "Burstable"
