"""What becomes of a run, for every way in which its Job and pod can be."""

from datetime import datetime, timedelta

import pytest

from shared.cluster.port import Refused
from shared.reconciler import observe_runs
from shared.reconciler.objects import Objects
from shared.runs.models import RunState
from tests.reconciler.fake_cluster import NOW

SECOND = timedelta(seconds=1)
STARTED = "2030-01-01T11:59:40Z"
FINISHED = "2030-01-01T11:59:50Z"


def job(*conditions, completion=None):
    status = {
        "conditions": [{"type": kind, "status": "True", "reason": reason} for kind, reason in conditions]
    }
    if completion:
        status["completionTime"] = completion
    return {
        "kind": "Job",
        "metadata": {
            "name": "hello-invoke-1",
            "namespace": "tenant-alice",
            "creationTimestamp": "2030-01-01T11:59:30Z",
        },
        "status": status,
    }


def pod(state=None, *, leaving=False, name="p1", made=STARTED, **status):
    metadata = {"name": name, "namespace": "tenant-alice", "creationTimestamp": made}
    return {
        "kind": "Pod",
        "metadata": metadata | ({"deletionTimestamp": FINISHED} if leaving else {}),
        "spec": {"containers": [{"name": "invoke", "image": "nope:1"}]},
        "status": {"containerStatuses": [{"name": "invoke", "state": state}] if state else []} | status,
    }


def ended(code, reason="", message=""):
    return {
        "terminated": {
            "exitCode": code,
            "message": message,
            "reason": reason or ("Completed" if code == 0 else "Error"),
            "startedAt": STARTED,
            "finishedAt": FINISHED,
        }
    }


def event(reason, message):
    return {
        "kind": "Event",
        "metadata": {"name": f"e-{reason}", "namespace": "tenant-alice"},
        "reason": reason,
        "message": message,
    }


RUNS = {"running": {"startedAt": STARTED}}
NO_IMAGE = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}
TAINTED = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager", "message": ""}
UNPLACED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}


@pytest.mark.parametrize(
    ("objects", "state", "reason", "says"),
    [
        pytest.param([job()], "scheduled", "", "", id="just made"),
        pytest.param([job(), pod()], "scheduled", "", "", id="pod made"),
        pytest.param([job(), pod(conditions=[UNPLACED])], "scheduled", "Unschedulable", "0/3", id="no room"),
        pytest.param(
            [job(), event("FailedCreate", "exceeded quota"), event("Other", "x")],
            "scheduled",
            "FailedCreate",
            "refused its pod so far. exceeded quota.",
            id="over the quota: it waits its turn",
        ),
        pytest.param([job(), event("Other", "x")], "scheduled", "", "", id="events that say nothing"),
        pytest.param([job(), pod(RUNS)], "running", "", "", id="container runs"),
        pytest.param([job(), pod(ended(0))], "completed", "", "", id="container ended well"),
        pytest.param(
            [job(), pod(ended(3))], "failed", "Error", "ended with exit code 3; see its logs.", id="exit code"
        ),
        pytest.param(
            [job(), pod(ended(137, "OOMKilled"))], "failed", "OOMKilled", "more memory", id="out of memory"
        ),
        pytest.param([job(), pod(ended(139))], "failed", "SIGSEGV", "ended by SIGSEGV", id="signal"),
        pytest.param(
            [job(), pod(ended(128, "StartError", 'exec: "nope": not found.'))],
            "failed",
            "StartError",
            'exit code 128, it could not be started: exec: "nope": not found; check the command.',
            id="start error",
        ),
        pytest.param(
            [job(), pod(NO_IMAGE)], "failed", "ImagePullBackOff", "'nope:1' cannot be pulled", id="no image"
        ),
        pytest.param(
            [job(("Failed", "DeadlineExceeded"))], "timeout", "DeadlineExceeded", "30 seconds", id="too long"
        ),
        pytest.param(
            [job(("FailureTarget", "DeadlineExceeded")), pod(ended(143), leaving=True)],
            "timeout",
            "DeadlineExceeded",
            "30 seconds",
            id="being ended for its deadline",
        ),
        pytest.param(
            [job(), pod(ended(143), leaving=True)], "scheduled", "", "", id="being ended, nobody says why yet"
        ),
        pytest.param(
            [job(("Failed", "BackoffLimitExceeded")), pod(ended(143), leaving=True)],
            "failed",
            "PodDeleted",
            "by hand or with its node",
            id="deleted by hand",
        ),
        pytest.param(
            [job(("Failed", "BackoffLimitExceeded"))], "failed", "PodDeleted", "by hand", id="pod is gone"
        ),
        pytest.param(
            [job(("Failed", "PodFailurePolicy")), pod()],
            "failed",
            "PodFailurePolicy",
            "",
            id="other verdicts",
        ),
        pytest.param(
            [job(), pod(**EVICTED)], "failed", "Evicted", "The node was low on memory. That is", id="evicted"
        ),
        pytest.param(
            [job(), pod(ended(137), conditions=[TAINTED])],
            "failed",
            "DeletionByTaintManager",
            "That is not the code's doing",
            id="lost with its node",
        ),
        pytest.param(
            [job(), pod(RUNS, conditions=[TAINTED])], "running", "", "", id="about to be taken away"
        ),
        pytest.param(
            [job(("Complete", ""), completion=FINISHED)],
            "completed",
            "",
            "pod was gone before what it printed",
            id="completed, pod gone",
        ),
        pytest.param(
            [job(), pod(ended(1), name="old", made="2030-01-01T11:00:00Z"), pod(RUNS)],
            "running",
            "",
            "",
            id="the latest pod counts",
        ),
    ],
)
def test_a_queued_run(a_run, objects, state, reason, says):
    seen = observe_runs.run(a_run(), Objects.of(*objects), now=NOW)
    assert (seen.state, seen.reason) == (RunState(state), reason)
    assert says in seen.message


def test_an_exit_code_is_kept(a_run):
    assert observe_runs.run(a_run(), Objects.of(job(), pod(ended(3))), now=NOW).exit_code == 3
    assert observe_runs.run(a_run(), Objects.of(job(), pod(ended(0))), now=NOW).exit_code == 0


@pytest.mark.parametrize(
    ("state", "reason", "outcome"),
    [
        ("queued", "QueueDeadlineExceeded", "failed"),
        ("scheduled", "StartDeadlineExceeded", "failed"),
        ("running", "DeadlineExceeded", "timeout"),
    ],
)
def test_every_state_has_an_end(a_run, state, reason, outcome):
    run = a_run(state=state, deadline_at=NOW)
    objects = Objects.of(job(), pod(RUNS)) if state == "running" else Objects.of(job(), pod())
    seen = observe_runs.run(run, objects, now=NOW)
    assert (seen.state, seen.reason, seen.due_at) == (RunState(outcome), reason, None)


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_a_container_that_started_while_nobody_looked_keeps_its_own_time(a_run, state):
    seen = observe_runs.run(a_run(state=state, deadline_at=NOW), Objects.of(job(), pod(RUNS)), now=NOW)
    assert seen.state == "running"
    assert seen.deadline_at == seen.started_at + 30 * SECOND


def test_a_run_that_never_found_room_says_so(a_run):
    run = a_run(state="scheduled", deadline_at=NOW)
    seen = observe_runs.run(run, Objects.of(job(), pod(conditions=[UNPLACED])), now=NOW)
    assert (seen.state, seen.reason) == ("failed", "Unschedulable")
    assert "0/3 nodes" in seen.message


def test_a_deadline_counts_even_where_the_cluster_does_not_answer(a_run):
    run = a_run(state="running", deadline_at=NOW)
    seen = observe_runs.run(run, Objects(reachable=False), now=NOW)
    assert (seen.state, seen.reason) == ("failed", "ClusterUnavailable")


def test_a_refused_job_fails_its_run(a_run):
    seen = observe_runs.run(a_run(), Objects().refused(Refused("Forbidden", "no more Jobs")), now=NOW)
    assert (seen.state, seen.reason, seen.message) == (
        "failed",
        "Forbidden",
        "the cluster refused the Job. no more Jobs.",
    )


@pytest.mark.parametrize("state", ["scheduled", "running"])
def test_a_job_that_vanished_fails_its_run(a_run, state):
    seen = observe_runs.run(a_run(state=state), Objects(), now=NOW)
    assert (seen.state, seen.reason) == ("failed", "JobDeleted")


def test_a_queued_run_without_a_job_waits(a_run):
    seen = observe_runs.run(a_run(), Objects(), now=NOW)
    assert (seen.state, seen.due_at) == ("queued", NOW + 30 * SECOND)


def test_a_running_run_may_run_as_long_as_it_was_promised(a_run):
    seen = observe_runs.run(a_run(), Objects.of(job(), pod(RUNS)), now=NOW)
    assert seen.started_at == datetime.fromisoformat(STARTED) + 20 * SECOND  # not before it was asked for
    assert seen.deadline_at == seen.due_at == seen.started_at + 30 * SECOND


def test_a_deadline_once_set_stays(a_run):
    run = a_run(state="running", deadline_at=NOW + 7 * SECOND)
    seen = observe_runs.run(run, Objects.of(job(), pod(RUNS)), now=NOW)
    assert seen.deadline_at == NOW + 7 * SECOND


@pytest.mark.parametrize("state", [RUNS, ended(143)])
def test_a_pod_on_its_way_out_is_looked_at_soon(a_run, state):
    run = a_run(state="running")
    seen = observe_runs.run(run, Objects.of(job(), pod(state, leaving=True)), now=NOW)
    assert (seen.state, seen.due_at) == ("running", NOW + SECOND)


def test_times_of_this_very_second_are_told_by_our_clock(a_run):
    moment = datetime.fromisoformat(FINISHED) + timedelta(milliseconds=400)
    run = a_run(created_at=moment - timedelta(milliseconds=300))
    seen = observe_runs.run(run, Objects.of(job(), pod(ended(0))), now=moment)
    assert seen.finished_at == moment


def test_times_are_told_by_the_cluster_where_it_knows_better(a_run):
    run = a_run(created_at=datetime.fromisoformat("2030-01-01T11:59:29Z"))
    seen = observe_runs.run(run, Objects.of(job(), pod(ended(0))), now=NOW)
    assert seen.scheduled_at == datetime.fromisoformat("2030-01-01T11:59:30Z")
    assert seen.started_at == datetime.fromisoformat(STARTED)
    assert seen.finished_at == datetime.fromisoformat(FINISHED)


def test_what_is_known_of_the_schedule_is_kept(a_run):
    run = a_run(state="scheduled", scheduled_at=NOW - SECOND)
    assert observe_runs.run(run, Objects.of(job(), pod(RUNS)), now=NOW).scheduled_at == NOW - SECOND


def test_a_job_that_does_not_say_when_it_was_made_was_made_now(a_run):
    made = job()
    del made["metadata"]["creationTimestamp"]
    assert observe_runs.run(a_run(), Objects.of(made), now=NOW).scheduled_at == NOW


@pytest.mark.parametrize(
    ("objects", "age", "needed"),
    [
        pytest.param([], 9, False, id="no Job"),
        pytest.param([job()], 9, True, id="a Job without a pod"),
        pytest.param([job()], 1, False, id="a Job that has just been made"),
        pytest.param([job(), pod()], 9, False, id="a pod speaks for itself"),
        pytest.param([job(("Failed", "DeadlineExceeded"))], 9, False, id="over"),
    ],
)
def test_events_are_read_only_for_a_job_without_a_pod(a_run, objects, age, needed):
    run = a_run(state="scheduled", scheduled_at=NOW - age * SECOND)
    assert observe_runs.needs_events(run, Objects.of(*objects), NOW) is needed


@pytest.mark.parametrize(("age", "pause"), [(0, 2), (9, 9), (90, 30)])
def test_a_job_without_a_pod_is_looked_at_ever_more_rarely(a_run, age, pause):
    run = a_run(state="scheduled", scheduled_at=NOW - age * SECOND)
    assert observe_runs.run(run, Objects.of(job()), now=NOW).due_at == NOW + pause * SECOND
