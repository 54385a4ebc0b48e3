"""Job → pod, until it has succeeded, has failed too often, or its time is over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.cluster import clock, deletion
from local.cluster.api.writes import Writes
from local.cluster.controllers.ownership import pod_of
from local.cluster.controllers.queue import Retry, WorkQueue
from local.cluster.controllers.replicasets import active, ready_since
from local.cluster.errors import ApiError
from local.cluster.events import Recorder
from local.cluster.objects import Key, Object, controller_of, dig, key_of, rfc3339, terminating, uid_of
from local.cluster.resources import JOBS, PODS, QUOTAS
from local.cluster.store import Change, Store

# A real cluster waits 10 s before it replaces a failed pod, doubling to 10 min.
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0

_FINISHED = ("Complete", "Failed")


@dataclass
class Tally:
    """The pods of a job that have ended; pods may be deleted, but they still count."""

    succeeded: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    began: datetime | None = None  # exact, where status.startTime has whole seconds
    last_failure: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """How a job has ended."""

    type: str
    reason: str
    message: str


def finished(job: Object) -> Object | None:
    for condition in dig(job, "status", "conditions", default=[]):
        if condition["type"] in _FINISHED and condition["status"] == "True":
            found: Object = condition
            return found
    return None


def verdict(job: Object, tally: Tally, pods: Sequence[Object], now: datetime) -> Verdict | None:
    """Whether the job is over. Pure."""
    spec = job["spec"]
    if len(tally.succeeded) >= spec["completions"]:
        return Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
    if len(tally.failed) > spec["backoffLimit"] or _restarts(spec, pods) > spec["backoffLimit"]:
        return Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if (end := deadline(job, tally)) is not None and now >= end:
        return Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def _restarts(spec: Object, pods: Sequence[Object]) -> int:
    """Restarts inside the pods count as failures, where the template allows them."""
    if spec["template"]["spec"]["restartPolicy"] != "OnFailure":
        return 0
    return sum(
        each["restartCount"] for pod in pods for each in dig(pod, "status", "containerStatuses", default=[])
    )


def deadline(job: Object, tally: Tally) -> datetime | None:
    seconds = job["spec"].get("activeDeadlineSeconds")
    return None if seconds is None or tally.began is None else tally.began + timedelta(seconds=seconds)


def pause(tally: Tally) -> timedelta:
    """How long to wait after the last failure."""
    if not tally.failed:
        return timedelta()
    return timedelta(seconds=min(FIRST_DELAY * 2 ** (len(tally.failed) - 1), LONGEST_DELAY))


def conditions(ended: Verdict, now: datetime) -> list[Object]:
    """A real job controller first says that the end is certain, then that all pods have ended."""
    first = "SuccessCriteriaMet" if ended.type == "Complete" else "FailureTarget"
    moment = rfc3339(now)
    return [
        {
            "type": kind,
            "status": "True",
            "reason": ended.reason,
            "message": ended.message,
            "lastProbeTime": moment,
            "lastTransitionTime": moment,
        }
        for kind in (first, ended.type)
    ]


class Jobs:
    def __init__(self, store: Store, writes: Writes, events: Recorder) -> None:
        self._store = store
        self._writes = writes
        self._events = events
        self._tallies: dict[str, Tally] = {}
        self.queue = WorkQueue("jobs", self.reconcile)
        store.listen(self._job_changed, JOBS)
        store.listen(self._pod_changed, PODS)
        store.listen(lambda change: self.queue.hurry(change.object["metadata"]["namespace"]), QUOTAS)

    def _job_changed(self, change: Change) -> None:
        if change.type == "DELETED":
            self._tallies.pop(uid_of(change.object), None)
        else:
            self.queue.add(key_of(change.object))

    def _pod_changed(self, change: Change) -> None:
        owner = controller_of(change.object)
        if owner is None or owner["kind"] != JOBS.kind:
            return
        tally = self._tallies.setdefault(owner["uid"], Tally())
        phase = dig(change.object, "status", "phase")
        uid = uid_of(change.object)
        if phase == "Succeeded":
            tally.succeeded.add(uid)
        elif (phase == "Failed" or change.type == "DELETED") and uid not in tally.failed:
            tally.failed.add(uid)
            tally.last_failure = clock.now()
        self.queue.add((change.object["metadata"]["namespace"], owner["name"]))

    def reconcile(self, key: Key) -> None:
        job = self._store.get(JOBS, key)
        if job is None or terminating(job):
            return
        tally = self._tallies.setdefault(uid_of(job), Tally())
        if (end := finished(job)) is not None:
            self._expire(job, end)
            return
        pods = [pod for _, pod in self._store.dependents(uid_of(job), PODS) if active(pod)]
        if job["spec"]["suspend"]:
            self._suspend(job, tally, pods)
            return
        now = clock.now()
        tally.began = tally.began or now
        if (ended := verdict(job, tally, pods, now)) is not None:
            self._finish(job, tally, pods, ended, now)
            return
        problem = self._fill(job, tally, len(pods), now)
        pods = [pod for _, pod in self._store.dependents(uid_of(job), PODS) if active(pod)]
        self._write(job, self._status(job, tally, pods))
        if (moment := deadline(job, tally)) is not None:
            self.queue.add_after(key, (moment - now).total_seconds() + 0.001)
        if problem:
            raise Retry(problem)

    def _fill(self, job: Object, tally: Tally, running: int, now: datetime) -> str:
        """Create the pods that are missing; says what prevented it."""
        wanted = min(job["spec"]["parallelism"], job["spec"]["completions"] - len(tally.succeeded)) - running
        if wanted <= 0:
            return ""
        if tally.last_failure is not None and (left := tally.last_failure + pause(tally) - now) > timedelta():
            self.queue.add_after(key_of(job), left.total_seconds())
            return ""
        for _ in range(wanted):
            try:
                pod = self._writes.create(PODS, job["metadata"]["namespace"], pod_of(job), None)
            except ApiError as error:
                self._events.record(job, "Warning", "FailedCreate", f"Error creating: {error.message}")
                return error.message
            self._events.record(job, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return ""

    def _suspend(self, job: Object, tally: Tally, pods: Sequence[Object]) -> None:
        for pod in pods:
            deletion.delete(self._store, PODS, pod)
        tally.began = None
        said = {"type": "Suspended", "status": "True", "reason": "JobSuspended", "message": "Job suspended"}
        known = [each for each in dig(job, "status", "conditions", default=[]) if each["type"] == "Suspended"]
        moment = known[0]["lastTransitionTime"] if known else rfc3339(clock.now())
        status = self._status(job, tally, ())
        status.pop("startTime", None)
        condition = {**said, "lastProbeTime": moment, "lastTransitionTime": moment}
        self._write(job, {**status, "conditions": [condition]})

    def _finish(
        self, job: Object, tally: Tally, pods: Sequence[Object], ended: Verdict, now: datetime
    ) -> None:
        for pod in pods:
            deletion.delete(self._store, PODS, pod)
            tally.failed.add(uid_of(pod))
        status = self._status(job, tally, ())
        if ended.type == "Complete":
            status["completionTime"] = rfc3339(now)
            self._events.record(job, "Normal", "Completed", "Job completed")
        else:
            self._events.record(job, "Warning", ended.reason, ended.message)
        self._write(job, {**status, "conditions": conditions(ended, now)})

    def _status(self, job: Object, tally: Tally, pods: Sequence[Object]) -> Object:
        began = dig(job, "status", "startTime") or (rfc3339(tally.began) if tally.began else None)
        counted = {
            "startTime": began,
            "active": len(pods),
            "succeeded": len(tally.succeeded),
            "failed": len(tally.failed),
        }
        ready = sum(1 for pod in pods if ready_since(pod) is not None)
        return {
            **{name: value for name, value in counted.items() if value},
            "ready": ready,
            "terminating": 0,
            "uncountedTerminatedPods": {},
        }

    def _write(self, job: Object, wanted: Object) -> None:
        if job.get("status") != wanted:
            self._store.put(JOBS, {**job, "status": wanted})

    def _expire(self, job: Object, end: Object) -> None:
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return
        left = (datetime.fromisoformat(end["lastTransitionTime"]) - clock.now()).total_seconds() + seconds
        if left > 0:
            self.queue.add_after(key_of(job), left)
        else:
            deletion.delete(self._store, JOBS, job, policy="Background")
