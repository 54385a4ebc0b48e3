"""What the state of a pod's container means, in words for the person whose code it runs. Pure.

Reasons are the kubelet's own: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
"""

import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.cluster.port import Manifest
from shared.reconciler.tenancy import LIMITS

SIMULATED = "emulator.eventflow.dev/simulated"
"""Annotation of a pod that only pretends to run; its text says why, and what to do."""

STEADY = timedelta(seconds=60)
"""A container that was restarted more than once is believed after it has run for so long."""

_PULL = "ImagePullBackOff"
_PULL_BY_TURNS = {_PULL, "ErrImagePull", "RegistryUnavailable"}
"""The kubelet says one while it tries and another while it waits: one word for all, so that it stays."""

_NO_IMAGE = _PULL_BY_TURNS | {
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
}
_NO_CONTAINER = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"}
_NEVER_RAN = {"StartError", "ContainerCannotRun"}
_DETAIL = 400


@dataclass(frozen=True)
class Failure:
    """Why something does not run: a word, and a sentence that says what, why and what to do."""

    reason: str
    message: str
    until: datetime | None = None
    """When this will have passed if nothing else happens."""


@dataclass(frozen=True)
class Ended:
    """A container that has ended."""

    exit_code: int
    reason: str
    started_at: datetime | None
    finished_at: datetime | None
    message: str = ""


def container_of(pod: Manifest, name: str) -> Manifest:
    """Status of its container. Empty until the kubelet has taken the pod."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return next((status for status in statuses if status["name"] == name), {})


def simulation(pod: Manifest) -> str | None:
    text: str | None = (pod["metadata"].get("annotations") or {}).get(SIMULATED)
    return text


def leaving(pod: Manifest) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def running_since(pod: Manifest, name: str) -> datetime | None:
    return moment((_state(pod, name).get("running") or {}).get("startedAt"))


def ended(pod: Manifest, name: str) -> Ended | None:
    return _ended(_state(pod, name))


def cannot_start(pod: Manifest, name: str) -> Failure | None:
    waiting = _state(pod, name).get("waiting") or {}
    reason, said = waiting.get("reason", ""), sentence(waiting.get("message", ""))
    if reason in _NO_IMAGE:
        image = next((part["image"] for part in pod["spec"]["containers"] if part["name"] == name), "?")
        return Failure(
            _PULL if reason in _PULL_BY_TURNS else reason,
            f"the image {image!r} cannot be pulled. {said}Check its name and tag, and that it is public.",
        )
    if reason in _NO_CONTAINER:
        return Failure(
            reason, f"the container cannot be started. {said}Check the command, and the user the image needs."
        )
    return None


def keeps_ending(pod: Manifest, name: str, now: datetime) -> Failure | None:
    """The crash loop, seen also in the moments in which the container happens to run."""
    status = container_of(pod, name)
    restarts = int(status.get("restartCount") or 0)
    last = _ended(status.get("state") or {}) or _ended(status.get("lastState") or {})
    waits = ((status.get("state") or {}).get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    if last is None:
        return Failure("CrashLoopBackOff", "the container keeps ending; see its logs.") if waits else None
    again = f" (restarted {restarts} time{'' if restarts == 1 else 's'})" if restarts else ""
    failure = Failure("CrashLoopBackOff", f"the container keeps ending{again}: {verdict(last)}.")
    if waits:
        return failure
    steady_at = (last.finished_at or now) + STEADY
    if restarts > 1 and now < steady_at:
        return Failure(failure.reason, failure.message, until=steady_at)
    return None


def verdict(last: Ended) -> str:
    """What an exit code says, and what to do about it."""
    code = f"exit code {last.exit_code}"
    if last.reason == "OOMKilled":
        return f"{code}, it used more memory than the limit of {LIMITS['memory']}; let it use less"
    if last.reason in _NEVER_RAN:
        said = sentence(last.message).rstrip(". ")
        return f"{code}, it could not be started{f': {said}' if said else ''}; check the command"
    match last.exit_code:
        case 0:
            return (
                f"{code}, its command ended by itself, while a function is to keep serving on its port. "
                "It can be invoked all the same: an invocation runs the command once"
            )
        case 126:
            return f"{code}, the command is there but cannot be executed; check its file mode and platform"
        case 127:
            return f"{code}, the command was not found in the image; check its spelling and path"
    name = signal_of(last.exit_code)
    return f"{code}, it was ended by {name}; see its logs" if name else f"{code}; see its logs"


def signal_of(exit_code: int) -> str:
    """`SIGKILL` for 137. Empty if the code does not stand for a signal."""
    try:
        return signal.Signals(exit_code - 128).name if exit_code > 128 else ""
    except ValueError:
        return ""


def disruption(pod: Manifest) -> Failure | None:
    """Taken away by the cluster: evicted, preempted, or lost with its node."""
    status = pod.get("status") or {}
    condition = condition_of(pod, "DisruptionTarget") or {}
    reason = status.get("reason") or condition.get("reason")
    if not reason:
        return None
    said = sentence(status.get("message") or condition.get("message") or "")
    return Failure(
        reason,
        f"the cluster took its pod away ({reason}). {said}That is not the code's doing: invoke it again.",
    )


def unschedulable(pod: Manifest) -> Failure | None:
    condition = condition_of(pod, "PodScheduled", status="False")
    if condition is None or condition.get("reason") != "Unschedulable":
        return None
    return Failure(
        "Unschedulable", f"no node has room for it yet. {sentence(condition.get('message', ''))}".strip()
    )


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _state(pod: Manifest, name: str) -> dict[str, Any]:
    return container_of(pod, name).get("state") or {}


def _ended(state: dict[str, Any]) -> Ended | None:
    over = state.get("terminated")
    if not over:
        return None
    return Ended(
        int(over["exitCode"]),
        over.get("reason", ""),
        moment(over.get("startedAt")),
        moment(over.get("finishedAt")),
        over.get("message", ""),
    )


def condition_of(manifest: Manifest, kind: str, *, status: str = "True") -> Manifest | None:
    """A condition of a pod, Deployment or Job, if it has that status."""
    conditions = (manifest.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind and one["status"] == status), None)


def sentence(text: str) -> str:
    """Somebody else's words, as a sentence before ours."""
    text = " ".join(text.split())
    return f"{text[:_DETAIL].rstrip('.')}. " if text else ""
