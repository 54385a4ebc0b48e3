"""What the cluster's objects say about a function. Pure.

Running is what is true of all replicas of the wanted generation. Failed is only what will not pass by
waiting; until that is certain the word is Pending, with what it waits for.
"""

import zlib
from datetime import datetime, timedelta

from shared.cluster import labels
from shared.cluster.port import Manifest
from shared.functions.models import Function, FunctionObservation, FunctionStatus
from shared.functions.rules import START_DEADLINE
from shared.reconciler import pods
from shared.reconciler.manifests import FUNCTION_CONTAINER, function_ref
from shared.reconciler.objects import Objects
from shared.reconciler.pods import Failure

_LOOK_AGAIN = timedelta(seconds=30)
"""The watch tells sooner. This is for what happens while nobody watches."""

_RETRY = timedelta(seconds=60)


def function(
    wanted: Function, objects: Objects, *, template: str, now: datetime, resync: timedelta
) -> FunctionObservation:
    """`template` is the hash of the wanted pod template: pods of an earlier one do not speak for this one."""
    deployment = objects.get(function_ref("Deployment", wanted.name, wanted.namespace)) or {}
    mine = [pod for _, pod in objects.kind("Pod") if _speaks(pod, template)]
    status, word = _status(wanted, deployment, mine, objects, now)
    numbers = deployment.get("status") or {}
    return FunctionObservation(
        status=status,
        reason=word.reason,
        message=word.message,
        available=int(numbers.get("availableReplicas") or 0),
        ready=int(numbers.get("readyReplicas") or 0),
        updated=int(numbers.get("updatedReplicas") or 0),
        observed_generation=wanted.generation if _current(deployment) else wanted.observed_generation,
        deadline_at=_deadline(wanted, status, now),
        due_at=_due(wanted, status, word, now, resync),
    )


def news(known: Function, seen: FunctionObservation) -> bool:
    """Whether the record does not say yet what was seen."""
    return (
        known.status,
        known.status_reason,
        known.status_message,
        known.available_replicas,
        known.ready_replicas,
        known.updated_replicas,
        known.observed_generation,
    ) != (
        seen.status,
        seen.reason,
        seen.message,
        seen.available,
        seen.ready,
        seen.updated,
        seen.observed_generation,
    )


def _status(
    wanted: Function, deployment: Manifest, mine: list[Manifest], objects: Objects, now: datetime
) -> tuple[FunctionStatus, Failure]:
    failure = _refusal(objects) or _failure_of_pods(mine, now)
    if failure is None and _rolled_out(deployment, wanted.replicas):
        return FunctionStatus.RUNNING, _simulated(mine)
    failure = failure or _outage(objects) or _failure_of(deployment, mine)
    if failure is None and wanted.deadline_at is not None and now >= wanted.deadline_at:
        failure = Failure("StartDeadlineExceeded", _slow(wanted, deployment, mine))
    if failure is not None:
        return FunctionStatus.FAILED, failure
    return FunctionStatus.PENDING, _waiting(wanted, deployment, mine)


def _refusal(objects: Objects) -> Failure | None:
    refusal = objects.refusal
    if refusal is None:
        return None
    said = pods.sentence(refusal.message)
    return Failure(
        refusal.reason, f"the cluster refused it. {said}Change the function, or ask who runs the cluster."
    )


def _outage(objects: Objects) -> Failure | None:
    if objects.reachable:
        return None
    return Failure("ClusterUnavailable", "the cluster has not answered in all this time; it is asked again.")


def _failure_of_pods(mine: list[Manifest], now: datetime) -> Failure | None:
    for pod in mine:
        failure = pods.cannot_start(pod, FUNCTION_CONTAINER) or pods.keeps_ending(
            pod, FUNCTION_CONTAINER, now
        )
        if failure is not None:
            return failure
    return None


def _failure_of(deployment: Manifest, mine: list[Manifest]) -> Failure | None:
    refused = pods.condition_of(deployment, "ReplicaFailure")
    if refused is not None:
        return Failure(
            refused.get("reason") or "FailedCreate",
            f"the cluster refused its pods. {pods.sentence(refused.get('message', ''))}"
            "Lower the replicas, or delete functions that are not needed.",
        )
    stuck = pods.condition_of(deployment, "Progressing", status="False")
    if stuck is not None and _current(deployment):
        reason = stuck.get("reason") or "ProgressDeadlineExceeded"
        return Failure(reason, f"it did not become ready in time. {_blocker(mine)}")
    return None


def _rolled_out(deployment: Manifest, replicas: int) -> bool:
    """All replicas, of this generation, none left of the one before (as `kubectl rollout status` decides)."""
    numbers = deployment.get("status") or {}
    counts = [int(numbers.get(name) or 0) for name in ("replicas", "updatedReplicas", "readyReplicas")]
    return _current(deployment) and counts == [replicas] * 3


def _current(deployment: Manifest) -> bool:
    """Whether the Deployment's status speaks of its present spec."""
    if not deployment:
        return False
    seen = int((deployment.get("status") or {}).get("observedGeneration") or 0)
    return seen >= int(deployment["metadata"].get("generation") or 0)


def _speaks(pod: Manifest, template: str) -> bool:
    annotations = pod["metadata"].get("annotations") or {}
    return annotations.get(labels.TEMPLATE_HASH) == template and not pods.leaving(pod)


def _simulated(mine: list[Manifest]) -> Failure:
    texts = [text for text in map(pods.simulation, mine) if text]
    return Failure("Simulated", texts[0]) if texts else Failure("", "")


def _waiting(wanted: Function, deployment: Manifest, mine: list[Manifest]) -> Failure:
    unplaced = next((found for found in map(pods.unschedulable, mine) if found), None)
    ready = int((deployment.get("status") or {}).get("readyReplicas") or 0)
    return unplaced or Failure("Starting", f"{ready} of {wanted.replicas} replicas are ready.")


def _slow(wanted: Function, deployment: Manifest, mine: list[Manifest]) -> str:
    ready = int((deployment.get("status") or {}).get("readyReplicas") or 0)
    minutes = START_DEADLINE // timedelta(minutes=1)
    return f"only {ready} of {wanted.replicas} replicas became ready in {minutes} minutes. {_blocker(mine)}"


def _blocker(mine: list[Manifest]) -> str:
    found = next((found for found in map(pods.unschedulable, mine) if found), None)
    return found.message if found else "See its logs for what it waits for."


def _deadline(wanted: Function, status: FunctionStatus, now: datetime) -> datetime | None:
    if status is FunctionStatus.RUNNING:
        return None
    return wanted.deadline_at or now + START_DEADLINE


def _due(
    wanted: Function, status: FunctionStatus, word: Failure, now: datetime, resync: timedelta
) -> datetime:
    match status:
        case FunctionStatus.RUNNING:
            return now + resync + _spread(wanted.id, resync)
        case FunctionStatus.FAILED:
            # As long again as it has failed already: somebody may mend it soon, or never.
            pause = min(max(_RETRY, now - wanted.updated_at), resync)
            return min(now + pause, word.until or now + pause)
    return min(now + _LOOK_AGAIN, max(wanted.deadline_at or now + _LOOK_AGAIN, now))


def _spread(id: str, resync: timedelta) -> timedelta:
    """Up to a quarter more, so that what was made at once is not looked at at once for ever."""
    return resync * (zlib.crc32(id.encode()) % 256) / 1024
