"""What the cluster's objects say about a run. Pure.

The container's end is the result, the Job's conditions explain what no container shows. Both may lag behind
what is true; a state is given up only at its own deadline.
"""

from datetime import datetime, timedelta

from shared.cluster.port import Manifest
from shared.reconciler import pods
from shared.reconciler.manifests import RUN_CONTAINER, START_SECONDS, job_ref
from shared.reconciler.objects import Objects
from shared.reconciler.pods import Ended, Failure
from shared.runs.models import Run, RunObservation, RunState

_LOOK_AGAIN = timedelta(seconds=30)
_SETTLING = timedelta(seconds=1)
_POD_PATIENCE = timedelta(seconds=2)


def run(known: Run, objects: Objects, *, now: datetime) -> RunObservation:
    job = objects.get(job_ref(known))
    pod = _latest(objects)
    over = _result(known, job, pod, objects, now) or _given_up(known, pod, objects, now)
    if over is not None:
        return over
    if job is None:
        return RunObservation(
            RunState.QUEUED, deadline_at=known.deadline_at, due_at=min(now + _LOOK_AGAIN, known.deadline_at)
        )
    scheduled_at = _scheduled_at(known, job, now)
    started_at = pods.running_since(pod, RUN_CONTAINER) if pod else None
    if pod is not None and started_at is not None:
        return _running(known, pod, scheduled_at, _refined(started_at, now), now)
    return _starting(known, pod, objects, scheduled_at, now)


def news(known: Run, seen: RunObservation) -> bool:
    return (known.state, known.reason, known.message) != (seen.state, seen.reason, seen.message)


def finished(job: Manifest) -> bool:
    return any(pods.condition_of(job, kind) for kind in ("Complete", "Failed"))


def has_ended(job: Manifest, objects: Objects) -> bool:
    """The Job's own word comes a moment after its container's."""
    return finished(job) or _container_has_ended(objects)


def outruns_its_pod(job: Manifest, objects: Objects) -> bool:
    """A Job that is over although no container is: what is known of its pod is old, or the pod is gone."""
    return finished(job) and not _container_has_ended(objects)


def needs_events(known: Run, objects: Objects, now: datetime) -> bool:
    """A Job that still has no pod: only the cluster's events say why."""
    job = objects.get(job_ref(known))
    if job is None or finished(job) or _latest(objects) is not None:
        return False
    return known.scheduled_at is not None and now >= known.scheduled_at + _POD_PATIENCE


def _result(
    known: Run, job: Manifest | None, pod: Manifest | None, objects: Objects, now: datetime
) -> RunObservation | None:
    """The verdict, where there is one."""
    refusal = objects.refusal
    if refusal is not None:
        word = Failure(
            refusal.reason,
            f"the cluster refused the Job. {pods.sentence(refusal.message)}".strip(),
        )
        return _over(known, RunState.FAILED, word, now)
    if job is None:
        return _lost(known, now) if objects.reachable and known.state is not RunState.QUEUED else None
    last = pods.ended(pod, RUN_CONTAINER) if pod else None
    if last is not None and last.exit_code == 0:
        return _over(known, RunState.COMPLETED, Failure("", ""), now, job, last)
    timed_out = _condition_reason(job) == "DeadlineExceeded"
    if timed_out:
        return _over(known, RunState.TIMEOUT, _too_long(known), now, job, last)
    failure = _failure(job, pod, last)
    if failure is not None:
        return _over(known, RunState.FAILED, failure, now, job, last)
    if pods.condition_of(job, "Complete"):
        word = Failure("", "its pod was gone before what it printed could be read.")
        return _over(
            known, RunState.COMPLETED, word, now, job, Ended(0, "", None, _moment(job, "completionTime"))
        )
    return None


def _failure(job: Manifest, pod: Manifest | None, last: Ended | None) -> Failure | None:
    if pod is not None:
        taken = pods.disruption(pod)
        if taken is not None and (last is not None or pod["status"].get("phase") == "Failed"):
            return taken
        # One that is being deleted was told to end: by its deadline or by hand, the Job will say.
        if last is not None and not pods.leaving(pod):
            return Failure(_reason(last), f"the container ended with {pods.verdict(last)}.")
        unable = pods.cannot_start(pod, RUN_CONTAINER)
        if unable is not None:
            return unable
    failed = pods.condition_of(job, "Failed")
    if failed is None:
        return None
    if last is not None or pod is None or pods.leaving(pod):
        return Failure(
            "PodDeleted", "its pod was deleted before it finished, by hand or with its node; invoke it again."
        )
    return Failure(failed.get("reason") or "Failed", pods.sentence(failed.get("message", "")).strip())


def _given_up(known: Run, pod: Manifest | None, objects: Objects, now: datetime) -> RunObservation | None:
    """The present state has lasted longer than it may."""
    if now < known.deadline_at or _has_moved_on(known, pod):
        return None
    if not objects.reachable:
        word = Failure(
            "ClusterUnavailable", "the cluster did not answer until the run's time was up; invoke it again."
        )
        return _over(known, RunState.FAILED, word, now)
    match known.state:
        case RunState.RUNNING:
            return _over(known, RunState.TIMEOUT, _too_long(known), now)
        case RunState.SCHEDULED:
            cause = _waiting(pod, objects)
            message = cause.message or f"its container did not start within {START_SECONDS} seconds."
            return _over(
                known, RunState.FAILED, Failure(cause.reason or "StartDeadlineExceeded", message), now
            )
    word = Failure("QueueDeadlineExceeded", "no Job could be made for it in time; invoke it again.")
    return _over(known, RunState.FAILED, word, now)


def _has_moved_on(known: Run, pod: Manifest | None) -> bool:
    """It started in time, but nobody was there to see: its running time counts from its own start."""
    return (
        known.state is not RunState.RUNNING
        and pod is not None
        and pods.running_since(pod, RUN_CONTAINER) is not None
    )


def _starting(
    known: Run, pod: Manifest | None, objects: Objects, scheduled_at: datetime, now: datetime
) -> RunObservation:
    queued = known.state is RunState.QUEUED
    deadline_at = now + timedelta(seconds=START_SECONDS) if queued else known.deadline_at
    word = _waiting(pod, objects)
    return RunObservation(
        RunState.SCHEDULED if queued else known.state,
        deadline_at=deadline_at,
        due_at=min(now + _pause(pod, scheduled_at, now), deadline_at),
        reason=word.reason,
        message=word.message,
        scheduled_at=scheduled_at,
    )


def _running(
    known: Run, pod: Manifest, scheduled_at: datetime, started_at: datetime, now: datetime
) -> RunObservation:
    started_at = max(started_at, scheduled_at)
    deadline_at = (
        known.deadline_at
        if known.state is RunState.RUNNING
        else started_at + timedelta(seconds=known.timeout_seconds)
    )
    return RunObservation(
        RunState.RUNNING,
        deadline_at=deadline_at,
        due_at=min(now + _SETTLING, deadline_at) if pods.leaving(pod) else deadline_at,
        scheduled_at=scheduled_at,
        started_at=started_at,
    )


def _pause(pod: Manifest | None, scheduled_at: datetime, now: datetime) -> timedelta:
    """Of a pod on its way out a verdict is coming; why there is no pod, no watch tells; all else it does."""
    if pod is None:
        return min(max(now - scheduled_at, _POD_PATIENCE), _LOOK_AGAIN)
    return _SETTLING if pods.leaving(pod) else _LOOK_AGAIN


def _over(
    known: Run,
    state: RunState,
    word: Failure,
    now: datetime,
    job: Manifest | None = None,
    last: Ended | None = None,
) -> RunObservation:
    return RunObservation(
        state,
        deadline_at=known.deadline_at,
        due_at=None,
        reason=word.reason,
        message=word.message,
        exit_code=last.exit_code if last else None,
        scheduled_at=_scheduled_at(known, job, now) if job else known.scheduled_at,
        started_at=last.started_at if last else known.started_at,
        finished_at=_refined(last.finished_at, now) if last and last.finished_at else now,
    )


def _lost(known: Run, now: datetime) -> RunObservation:
    word = Failure("JobDeleted", "its Job was deleted before its result was read; invoke it again.")
    return _over(known, RunState.FAILED, word, now)


def without_input(known: Run, now: datetime) -> RunObservation:
    """It is not run with another input than the one that was accepted."""
    word = Failure("InputLost", "its input is not stored any more; invoke it again.")
    return _over(known, RunState.FAILED, word, now)


def _too_long(known: Run) -> Failure:
    return Failure(
        "DeadlineExceeded", f"it ran longer than its limit of {known.timeout_seconds} seconds and was ended."
    )


def _waiting(pod: Manifest | None, objects: Objects) -> Failure:
    """What a Job that has not started waits for, if it is worth a word."""
    if pod is not None:
        return pods.unschedulable(pod) or Failure("", "")
    events = [event for _, event in objects.kind("Event") if event.get("reason") == "FailedCreate"]
    if not events:
        return Failure("", "")
    said = pods.sentence(events[-1].get("message", ""))
    return Failure("FailedCreate", f"the cluster refused its pod so far. {said}".strip())


def _reason(last: Ended) -> str:
    if last.reason not in {"", "Error"}:
        return last.reason
    return pods.signal_of(last.exit_code) or "Error"


def _condition_reason(job: Manifest) -> str:
    condition = pods.condition_of(job, "Failed") or pods.condition_of(job, "FailureTarget") or {}
    return str(condition.get("reason", ""))


def _container_has_ended(objects: Objects) -> bool:
    pod = _latest(objects)
    return pod is not None and pods.ended(pod, RUN_CONTAINER) is not None


def _latest(objects: Objects) -> Manifest | None:
    found = [pod for _, pod in objects.kind("Pod")]
    return max(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), default=None)


def _scheduled_at(known: Run, job: Manifest, now: datetime) -> datetime:
    if known.scheduled_at is not None:
        return known.scheduled_at
    made = pods.moment(job["metadata"].get("creationTimestamp"))
    return max(known.created_at, _refined(made, now) if made else now)


def _moment(job: Manifest, name: str) -> datetime | None:
    return pods.moment((job.get("status") or {}).get(name))


def _refined(told: datetime, now: datetime) -> datetime:
    """The cluster tells whole seconds. What happened in this very one has happened by now: that is closer."""
    if told.microsecond == 0 and timedelta(0) <= now - told < timedelta(seconds=1):
        return now
    return told
