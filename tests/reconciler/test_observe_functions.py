"""What a function's status says, for every way in which its pods can be."""

from datetime import timedelta

import pytest

from shared.cluster.port import Refused
from shared.functions.models import FunctionStatus
from shared.reconciler import observe_functions
from shared.reconciler.objects import Objects
from tests.reconciler.fake_cluster import NOW

LATER = NOW + timedelta(minutes=11)


def deployment(replicas=1, ready=1, *, updated=None, generation=1, observed=1, conditions=()):
    return {
        "kind": "Deployment",
        "metadata": {"name": "fn-hello", "namespace": "tenant-alice", "generation": generation},
        "status": {
            "observedGeneration": observed,
            "replicas": replicas,
            "updatedReplicas": replicas if updated is None else updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": list(conditions),
        },
    }


def pod(*, state=None, last=None, restarts=0, template="t1", conditions=(), annotations=None, leaving=False):
    status = {"name": "function", "restartCount": restarts, "state": state or {}, "lastState": last or {}}
    metadata = {
        "name": f"fn-hello-{template}",
        "namespace": "tenant-alice",
        "annotations": {"eventflow.io/template-hash": template} | (annotations or {}),
    }
    return {
        "kind": "Pod",
        "metadata": metadata | ({"deletionTimestamp": "2030-01-01T12:00:00Z"} if leaving else {}),
        "spec": {"containers": [{"name": "function", "image": "nope:1"}]},
        "status": {"conditions": list(conditions), "containerStatuses": [status]},
    }


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


def ended(code, *, reason="Error", finished="2030-01-01T11:59:50Z"):
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": finished}}


RUNS = {"running": {"startedAt": "2030-01-01T11:59:51Z"}}
STARTING = deployment(ready=0)
QUOTA = {
    "type": "ReplicaFailure",
    "status": "True",
    "reason": "FailedCreate",
    "message": "exceeded quota: tenant-quota",
}
STUCK = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
UNPLACED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/3 nodes are available",
}
NO_DEPLOYMENT_YET = {
    "kind": "Deployment",
    "metadata": {"name": "fn-hello", "namespace": "tenant-alice", "generation": 1},
}


@pytest.mark.parametrize(
    ("objects", "status", "reason", "says"),
    [
        pytest.param([NO_DEPLOYMENT_YET], "Pending", "Starting", "0 of 1 replicas", id="just made"),
        pytest.param([deployment(), pod(state=RUNS)], "Running", "", "", id="all ready"),
        pytest.param([deployment(observed=0)], "Pending", "Starting", "", id="status of the spec before"),
        pytest.param([deployment(2, 1, updated=1)], "Pending", "Starting", "1 of 1", id="old pods are left"),
        pytest.param(
            [STARTING, pod(state=waiting("ImagePullBackOff", "Back-off pulling image."))],
            "Failed",
            "ImagePullBackOff",
            "'nope:1' cannot be pulled. Back-off pulling image. Check",
            id="no image",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CreateContainerConfigError", "runs as root"))],
            "Failed",
            "CreateContainerConfigError",
            "runs as root. Check the command",
            id="no container",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"), last=ended(1), restarts=3)],
            "Failed",
            "CrashLoopBackOff",
            "(restarted 3 times): exit code 1; see its logs.",
            id="crash loop",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"))],
            "Failed",
            "CrashLoopBackOff",
            "see its logs",
            id="crash loop of which nothing more is known",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"), last=ended(0), restarts=1)],
            "Failed",
            "CrashLoopBackOff",
            "restarted 1 time): exit code 0, its command ended by itself",
            id="a script instead of a server",
        ),
        pytest.param(
            [
                STARTING,
                pod(state=waiting("CrashLoopBackOff"), last=ended(137, reason="OOMKilled"), restarts=2),
            ],
            "Failed",
            "CrashLoopBackOff",
            "more memory than the limit of 512Mi",
            id="out of memory",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"), last=ended(127), restarts=2)],
            "Failed",
            "CrashLoopBackOff",
            "was not found in the image",
            id="no such command",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"), last=ended(126), restarts=2)],
            "Failed",
            "CrashLoopBackOff",
            "cannot be executed",
            id="not executable",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"), last=ended(143), restarts=2)],
            "Failed",
            "CrashLoopBackOff",
            "ended by SIGTERM",
            id="ended by a signal",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("CrashLoopBackOff"), last=ended(250), restarts=2)],
            "Failed",
            "CrashLoopBackOff",
            "exit code 250; see its logs",
            id="a high code that is no signal",
        ),
        pytest.param(
            [deployment(), pod(state=RUNS, last=ended(1), restarts=2)],
            "Failed",
            "CrashLoopBackOff",
            "exit code 1",
            id="up for a moment between two crashes",
        ),
        pytest.param(
            [deployment(), pod(state=RUNS, last=ended(1), restarts=1)], "Running", "", "", id="crashed once"
        ),
        pytest.param(
            [deployment(), pod(state=RUNS, last=ended(1, finished="2030-01-01T11:58:00Z"), restarts=9)],
            "Running",
            "",
            "",
            id="steady again",
        ),
        pytest.param(
            [deployment(ready=0, conditions=[QUOTA])],
            "Failed",
            "FailedCreate",
            "exceeded quota: tenant-quota. Lower the replicas",
            id="over the quota",
        ),
        pytest.param(
            [deployment(ready=0, conditions=[STUCK])],
            "Failed",
            "ProgressDeadlineExceeded",
            "See its logs",
            id="not ready in time",
        ),
        pytest.param(
            [deployment(ready=0, conditions=[STUCK]), pod(conditions=[UNPLACED])],
            "Failed",
            "ProgressDeadlineExceeded",
            "no node has room for it yet. 0/3 nodes",
            id="not placed in time",
        ),
        pytest.param(
            [deployment(ready=0, generation=2, conditions=[STUCK])],
            "Pending",
            "Starting",
            "",
            id="the spec before was stuck",
        ),
        pytest.param(
            [STARTING, pod(conditions=[UNPLACED])], "Pending", "Unschedulable", "0/3 nodes", id="no room"
        ),
        pytest.param(
            [STARTING, pod(template="t0", state=waiting("ImagePullBackOff"))],
            "Pending",
            "Starting",
            "",
            id="only pods of the spec before fail",
        ),
        pytest.param(
            [STARTING, pod(state=waiting("ImagePullBackOff"), leaving=True)],
            "Pending",
            "Starting",
            "",
            id="only a pod on its way out fails",
        ),
        pytest.param(
            [deployment(), pod(annotations={"emulator.eventflow.dev/simulated": "no image store here."})],
            "Running",
            "Simulated",
            "no image store here.",
            id="simulated",
        ),
    ],
)
def test_status(a_function, resync, objects, status, reason, says):
    seen = observe_functions.function(
        a_function(), Objects.of(*objects), template="t1", now=NOW, resync=resync
    )
    assert (seen.status, seen.reason) == (FunctionStatus(status), reason)
    assert says in seen.message


def test_pending_has_an_end(a_function, resync):
    seen = observe_functions.function(
        a_function(), Objects.of(STARTING), template="t1", now=LATER, resync=resync
    )
    assert (seen.status, seen.reason) == ("Failed", "StartDeadlineExceeded")
    assert seen.message.startswith("only 0 of 1 replicas became ready in 10 minutes.")


def test_a_refusal_is_passed_on(a_function, resync):
    objects = Objects().refused(Refused("Forbidden", "exceeded quota"))
    seen = observe_functions.function(a_function(), objects, template="t1", now=NOW, resync=resync)
    assert (seen.status, seen.reason) == ("Failed", "Forbidden")
    assert "exceeded quota. Change the function" in seen.message


def test_counts_and_the_generation_are_those_of_the_deployment(a_function, resync):
    function = a_function(replicas=3, generation=4, observed_generation=3)
    seen = observe_functions.function(
        function, Objects.of(deployment(3, 2, updated=3)), template="t1", now=NOW, resync=resync
    )
    assert (seen.available, seen.ready, seen.updated, seen.observed_generation) == (2, 2, 3, 4)


def test_a_stale_deployment_does_not_count_as_observed(a_function, resync):
    function = a_function(generation=4, observed_generation=3)
    seen = observe_functions.function(
        function, Objects.of(deployment(observed=0)), template="t1", now=NOW, resync=resync
    )
    assert seen.observed_generation == 3


def test_a_running_function_is_looked_at_again_at_the_resync(a_function, resync):
    seen = observe_functions.function(
        a_function(), Objects.of(deployment()), template="t1", now=NOW, resync=resync
    )
    assert seen.deadline_at is None
    assert NOW + resync <= seen.due_at <= NOW + resync * 1.25


@pytest.mark.parametrize(
    ("failing_for", "pause"), [(timedelta(0), 60), (timedelta(minutes=5), 300), (timedelta(hours=5), 600)]
)
def test_a_failure_is_looked_at_ever_more_rarely(a_function, resync, failing_for, pause):
    function = a_function(updated_at=NOW - failing_for)
    objects = Objects.of(STARTING, pod(state=waiting("ImagePullBackOff")))
    seen = observe_functions.function(function, objects, template="t1", now=NOW, resync=resync)
    assert seen.due_at == NOW + timedelta(seconds=pause)


def test_a_crash_loop_is_looked_at_when_it_may_be_over(a_function, resync):
    objects = Objects.of(deployment(), pod(state=RUNS, last=ended(1), restarts=2))
    seen = observe_functions.function(a_function(), objects, template="t1", now=NOW, resync=resync)
    assert seen.due_at == NOW + timedelta(seconds=50)


def test_what_is_pending_again_gets_a_new_deadline(a_function, resync):
    function = a_function(deadline_at=None)
    seen = observe_functions.function(function, Objects.of(STARTING), template="t1", now=NOW, resync=resync)
    assert seen.deadline_at == NOW + timedelta(minutes=10)
