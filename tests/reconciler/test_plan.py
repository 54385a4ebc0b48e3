"""The difference between wanted and observed, row by row."""

from datetime import timedelta

import pytest

from shared.cluster.port import Ref, Refused
from shared.reconciler import manifests
from shared.reconciler.actions import (
    Apply,
    Create,
    Delete,
    EnsureTenant,
    ReportFunction,
    ReportRun,
    TornDown,
)
from shared.reconciler.objects import Objects
from shared.reconciler.plan import FunctionCase, RunCase, plan
from tests.reconciler.fake_cluster import NOW

DEPLOYMENT = Ref("Deployment", "fn-hello", "tenant-alice")
SERVICE = Ref("Service", "fn-hello", "tenant-alice")
JOB = Ref("Job", "hello-invoke-1", "tenant-alice")
INPUT = Ref("ConfigMap", "hello-invoke-1-input", "tenant-alice")
TENANT = EnsureTenant("tenant-alice")
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def planned(platform, resync):
    def planned(case):
        return list(plan(case, now=NOW, platform=platform, resync=resync))

    return planned


@pytest.fixture
def wanted(platform):
    """A function's objects as we want them, with a uid as the cluster gives it."""

    def wanted(function, **changes):
        return [with_uid(item) for item in manifests.function(function, platform)]

    return wanted


def with_uid(item, **spec):
    metadata = item["metadata"] | {"uid": f"uid-{item['kind']}", "generation": 1}
    return item | {"metadata": metadata} | ({"spec": item["spec"] | spec} if spec else {})


def ready(deployment, replicas=1):
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), replicas)
    return deployment | {"status": counts | {"observedGeneration": 1}}


def job(a_run, platform, **status):
    made = with_uid(manifests.job(a_run, None, platform))
    return made | {"status": status}


def pod(state):
    return {
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "tenant-alice"},
        "spec": {"containers": [{"name": "invoke", "image": "nope"}]},
        "status": {"containerStatuses": [{"name": "invoke", "state": state}]},
    }


ENDED = {
    "terminated": {"exitCode": 0, "startedAt": "2030-01-01T12:00:00Z", "finishedAt": "2030-01-01T12:00:00Z"}
}
RUNNING = {"running": {"startedAt": "2030-01-01T12:00:00Z"}}
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


def test_wanted_and_missing(planned, a_function, platform):
    deployment, service = manifests.function(a_function(), platform)
    assert planned(FunctionCase(a_function())) == [TENANT, Apply(deployment), Apply(service)]


def test_there_and_starting_is_reported(planned, a_function, wanted):
    case = FunctionCase(a_function(due_at=LATER), objects=Objects.of(*wanted(a_function())))
    (report,) = planned(case)
    assert isinstance(report, ReportFunction)
    assert (report.seen.status, report.seen.message) == ("Pending", "0 of 1 replicas are ready.")


def test_a_converged_function_yields_nothing(planned, a_function, wanted):
    deployment, service = wanted(a_function())
    known = a_function(
        status="Running",
        available_replicas=1,
        ready_replicas=1,
        updated_replicas=1,
        observed_generation=1,
        due_at=LATER,
    )
    assert planned(FunctionCase(known, objects=Objects.of(ready(deployment), service))) == []


def test_what_is_due_is_reported_although_nothing_changed(planned, a_function, wanted):
    deployment, service = wanted(a_function())
    known = a_function(
        status="Running",
        available_replicas=1,
        ready_replicas=1,
        updated_replicas=1,
        observed_generation=1,
        due_at=NOW,
    )
    (report,) = planned(FunctionCase(known, objects=Objects.of(ready(deployment), service)))
    assert report.seen.due_at > NOW


def test_an_edit_by_hand_is_undone(planned, a_function, wanted, platform):
    deployment, service = wanted(a_function())
    edited = ready(with_uid(deployment, replicas=7))
    case = FunctionCase(a_function(), objects=Objects.of(edited, service))
    assert planned(case) == [TENANT, Apply(manifests.function(a_function(), platform)[0])]


def test_a_changed_function_is_applied(planned, a_function, wanted, platform):
    new = a_function(image="python:3.12", generation=2)
    case = FunctionCase(new, objects=Objects.of(*wanted(a_function())))
    assert planned(case)[:2] == [TENANT, Apply(manifests.function(new, platform)[0])]


def test_an_env_that_is_no_longer_wanted_is_a_difference(planned, a_function, wanted, platform):
    new = a_function(env={}, generation=2)
    case = FunctionCase(new, objects=Objects.of(*wanted(a_function())))
    assert Apply(manifests.function(new, platform)[0]) in planned(case)


def test_a_service_deleted_by_hand_comes_back(planned, a_function, wanted, platform):
    case = FunctionCase(a_function(), objects=Objects.of(ready(wanted(a_function())[0])))
    assert planned(case) == [TENANT, Apply(manifests.function(a_function(), platform)[1])]


def test_a_refused_function_is_reported_and_not_asked_for_again(planned, a_function):
    objects = Objects().refused(Refused("Forbidden", "no"))
    (report,) = planned(FunctionCase(a_function(), objects=objects))
    assert (report.seen.status, report.seen.reason) == ("Failed", "Forbidden")


def test_a_deleted_function_is_removed(planned, a_function, wanted):
    deleted = a_function(deleted_at=NOW)
    case = FunctionCase(None, (deleted,), Objects.of(*wanted(a_function())))
    assert planned(case) == [Delete(DEPLOYMENT, "uid-Deployment"), Delete(SERVICE, "uid-Service")]


def test_a_deleted_function_of_which_nothing_is_left_is_torn_down(planned, a_function):
    deleted = a_function(deleted_at=NOW)
    assert planned(FunctionCase(None, (deleted,))) == [TornDown(deleted)]


def test_a_new_function_of_a_deleted_ones_name_takes_its_objects_over(planned, a_function, wanted, platform):
    deleted, new = a_function(deleted_at=NOW), a_function(id="0197-f2", image="python:3.12")
    case = FunctionCase(new, (deleted,), Objects.of(*wanted(a_function())))
    assert planned(case)[:3] == [
        TornDown(deleted),
        TENANT,
        Apply(manifests.function(new, platform)[0]),
    ]


def test_objects_without_a_record_are_removed(planned, a_function, wanted):
    case = FunctionCase(objects=Objects.of(*wanted(a_function())))
    assert planned(case) == [Delete(DEPLOYMENT, "uid-Deployment"), Delete(SERVICE, "uid-Service")]


def test_objects_in_a_namespace_that_is_not_the_tenants_are_removed(planned, a_function, wanted):
    strays = wanted(a_function(namespace="tenant-old"))
    case = FunctionCase(a_function(), objects=Objects.of(*strays))
    assert planned(case)[:2] == [
        Delete(Ref("Deployment", "fn-hello", "tenant-old"), "uid-Deployment"),
        Delete(Ref("Service", "fn-hello", "tenant-old"), "uid-Service"),
    ]


def test_a_run_whose_input_is_gone_is_not_run_with_another(planned, a_run):
    (report,) = planned(RunCase(a_run(input_bytes=7), None))
    assert report.seen.reason == "InputLost"
    assert report.seen.state.final


def test_a_queued_run_gets_its_job(planned, a_run, platform):
    case = RunCase(a_run(input_bytes=7), '{"n":1}')
    assert planned(case) == [TENANT, Create(manifests.job(a_run(), '{"n":1}', platform))]


def test_a_large_input_is_there_before_its_job(planned, a_run, platform):
    run = a_run(input_bytes=40_000)
    assert planned(RunCase(run, "[]")) == [
        TENANT,
        Create(manifests.input_map(run, "[]", platform)),
        Create(manifests.job(run, "[]", platform)),
    ]


def test_a_large_input_is_given_to_its_job(planned, a_run, platform):
    run = a_run(input_bytes=40_000)
    made, file = job(run, platform), with_uid(manifests.input_map(run, "[]", platform))
    give, report = planned(RunCase(run, "[]", Objects.of(made, file)))
    assert give == Apply(manifests.input_map(run, "[]", platform, owner=made))
    assert report.seen.state == "scheduled"


def test_a_scheduled_run_yields_nothing(planned, a_run, platform):
    run = a_run(state="scheduled", due_at=LATER)
    assert planned(RunCase(run, objects=Objects.of(job(run, platform)))) == []


def test_a_running_run_yields_nothing(planned, a_run, platform):
    run = a_run(state="running", due_at=LATER)
    assert planned(RunCase(run, objects=Objects.of(job(run, platform), pod(RUNNING)))) == []


def test_a_run_that_started_is_reported_without_output(planned, a_run, platform):
    run = a_run(state="scheduled", due_at=LATER)
    (report,) = planned(RunCase(run, objects=Objects.of(job(run, platform), pod(RUNNING))))
    assert (report.seen.state, report.printed) == ("running", False)


def test_a_finished_run_is_reported_with_what_it_printed(planned, a_run, platform):
    run = a_run(state="running", due_at=LATER)
    (report,) = planned(RunCase(run, objects=Objects.of(job(run, platform), pod(ENDED))))
    assert isinstance(report, ReportRun)
    assert (report.seen.state, report.printed) == ("completed", True)


def test_a_run_that_cannot_start_printed_nothing(planned, a_run, platform):
    run = a_run(state="scheduled", due_at=LATER)
    unable = pod({"waiting": {"reason": "ImagePullBackOff"}})
    (report,) = planned(RunCase(run, objects=Objects.of(job(run, platform), unable)))
    assert (report.seen.state, report.printed) == ("failed", False)


def test_a_run_whose_time_is_up_keeps_what_it_printed_so_far(planned, a_run, platform):
    run = a_run(state="running", deadline_at=NOW, started_at=NOW - timedelta(seconds=30))
    (report,) = planned(RunCase(run, objects=Objects.of(job(run, platform), pod(RUNNING))))
    assert (report.seen.state, report.printed) == ("timeout", True)


@pytest.mark.parametrize("state", ["failed", "timeout", "cancelled"])
def test_the_job_of_a_run_that_was_given_up_is_ended(planned, a_run, platform, state):
    case = RunCase(a_run(state=state), objects=Objects.of(job(a_run(), platform), pod(RUNNING)))
    assert planned(case) == [Delete(JOB, "uid-Job")]


@pytest.mark.parametrize("others", [[pod(ENDED)], []], ids=["its pod has ended", "its Job says so"])
def test_the_job_of_a_finished_run_is_left_to_its_time_to_live(planned, a_run, platform, others):
    made = job(a_run(), platform, **({} if others else COMPLETE))
    assert planned(RunCase(a_run(state="completed"), objects=Objects.of(made, *others))) == []


def test_a_job_without_a_record_is_ended(planned, a_run, platform):
    made = job(a_run(), platform, **COMPLETE)
    assert planned(RunCase(None, objects=Objects.of(made))) == [Delete(JOB, "uid-Job")]


def test_a_file_that_no_job_owns_goes_with_its_run(planned, a_run, platform):
    run = a_run(state="failed", input_bytes=40_000)
    owned = with_uid(manifests.input_map(run, "[]", platform, owner={"metadata": {"uid": "u"}}))
    unowned = with_uid(manifests.input_map(run, "[]", platform))
    assert planned(RunCase(run, objects=Objects.of(unowned))) == [Delete(INPUT, "uid-ConfigMap")]
    assert planned(RunCase(run, objects=Objects.of(owned))) == []


def test_a_run_is_not_started_after_its_deadline(planned, a_run):
    (report,) = planned(RunCase(a_run(deadline_at=NOW)))
    assert (report.seen.state, report.seen.reason) == ("failed", "QueueDeadlineExceeded")


def test_a_run_that_had_a_job_never_gets_another(planned, a_run):
    (report,) = planned(RunCase(a_run(state="scheduled")))
    assert (report.seen.state, report.seen.reason) == ("failed", "JobDeleted")
