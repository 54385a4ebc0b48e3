"""A run brought to its end, whatever fails on the way."""

from datetime import timedelta

import pytest

from shared.cluster.labels import RunKey
from shared.cluster.port import Ref, Refused
from shared.errors import Unavailable
from shared.reconciler.world import KINDS, World
from tests.reconciler.kubelet import kubelet, run_pod

JOB = Ref("Job", "hello-invoke-1", "tenant-alice")
POD = Ref("Pod", "hello-invoke-1-x", "tenant-alice")


def test_a_run_is_started_with_one_call_where_the_tenant_stands(scene, a_run):
    reconciler = scene.reconciler()
    reconciler.settle(scene.records.add(a_run(id="0197-r0", job_name="hello-invoke-0")))
    scene.cluster.verbs = []
    reconciler.settle(scene.records.add(a_run()))
    assert scene.cluster.verbs == ["create Job"]
    assert scene.records.by_id["0197-r1"].state == "scheduled"


def test_a_new_process_asks_once_whether_the_tenant_stands(scene, a_run):
    scene.settle(scene.records.add(a_run(id="0197-r0", job_name="hello-invoke-0")))
    scene.cluster.verbs = []
    scene.settle(scene.records.add(a_run()))
    assert scene.cluster.verbs == ["get ServiceAccount", "create Job"]


def test_what_a_run_printed_is_kept(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    kubelet(scene, printed=b"hello\n")
    scene.settle(key)
    assert scene.run().state == "completed"
    assert scene.records.outputs["0197-r1"].stdout == "hello\n"
    assert JOB in scene.cluster.objects


def test_a_failed_run_keeps_what_it_printed_and_its_exit_code(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    kubelet(scene, exit_code=3, printed=b"oh no\n")
    scene.settle(key)
    assert (scene.run().state, scene.run().exit_code) == ("failed", 3)
    assert scene.records.outputs["0197-r1"].stdout == "oh no\n"


def test_a_run_out_of_time_is_ended_and_keeps_what_it_printed_so_far(scene, a_run):
    key = scene.records.add(a_run(timeout_seconds=5))
    scene.settle(key)
    run_pod(scene, scene.cluster.objects[JOB], None, b"so far\n")
    due = scene.settle(key)
    assert due == scene.clock.now + timedelta(seconds=5)
    scene.clock.now = due
    scene.settle(key)
    assert (scene.run().state, scene.run().reason) == ("timeout", "DeadlineExceeded")
    assert scene.records.outputs["0197-r1"].stdout == "so far\n"
    assert JOB not in scene.cluster.objects


def test_a_run_without_an_image_fails_and_its_job_is_ended(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    run_pod(scene, scene.cluster.objects[JOB], None, b"")
    pod = scene.cluster.objects[POD]
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    scene.cluster.put(pod | {"status": {"containerStatuses": [{"name": "invoke", "state": waiting}]}})
    scene.settle(key)
    assert (scene.run().state, scene.run().reason) == ("failed", "ImagePullBackOff")
    assert JOB not in scene.cluster.objects


def test_output_that_is_gone_is_said_to_be(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    kubelet(scene)
    del scene.cluster.printed[POD]
    scene.settle(key)
    assert scene.run().state == "completed"
    assert scene.run().message == "what it printed was gone before it could be read."


def test_a_log_that_cannot_be_read_is_waited_for_and_then_given_up(scene, a_run, monkeypatch):
    def unreadable(pod, query):
        raise Unavailable("kubelet does not answer")

    key = scene.records.add(a_run())
    scene.settle(key)
    kubelet(scene)
    monkeypatch.setattr(scene.cluster, "logs", unreadable)
    with pytest.raises(Unavailable):
        scene.settle(key)
    assert scene.run().state == "scheduled"
    scene.clock.pass_(seconds=31)
    scene.settle(key)
    assert scene.run().state == "completed"
    assert "could not be read: kubelet does not answer" in scene.run().message


def test_a_run_that_the_cluster_refuses_fails(scene, a_run):
    scene.cluster.refusals["Job"] = Refused("Forbidden", "not allowed here")
    scene.settle(scene.records.add(a_run()))
    assert (scene.run().state, scene.run().reason) == ("failed", "Forbidden")


def test_another_runs_job_is_not_taken_for_its_own(scene, a_run):
    scene.settle(scene.records.add(a_run(id="0197-r0")))
    scene.settle(scene.records.add(a_run()))
    assert scene.records.by_id["0197-r0"].state == "scheduled"
    assert (scene.records.by_id["0197-r1"].state, scene.records.by_id["0197-r1"].reason) == (
        "failed",
        "AlreadyExists",
    )


def test_a_run_does_not_wait_for_a_lost_cluster_for_ever(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    scene.cluster.reachable = False
    scene.clock.now = scene.run().deadline_at
    scene.settle(key)
    assert (scene.run().state, scene.run().reason) == ("failed", "ClusterUnavailable")


def test_a_watcher_whose_view_lags_does_not_believe_that_a_job_is_gone(scene, a_run):
    world = World()
    for kind in KINDS:
        world.replace(kind, [])
    key = scene.records.add(a_run())
    scene.settle(key)
    lagging = scene.watching(world)
    scene.reconciler(lagging).settle(key)
    assert scene.run().state == "scheduled"


@pytest.mark.parametrize("pod", ["unheard of", "still running"])
def test_a_watcher_that_hears_of_a_jobs_end_first_reads_what_was_printed_all_the_same(scene, a_run, pod):
    world, key = World(), scene.records.add(a_run())
    scene.settle(key)
    if pod == "still running":
        run_pod(scene, scene.cluster.objects[JOB], None, b"")
    for kind in KINDS:
        world.replace(kind, scene.cluster.list(kind).items)
    kubelet(scene, printed=b"hello\n")
    world.replace("Job", scene.cluster.list("Job").items)
    scene.reconciler(scene.watching(world)).settle(key)
    assert scene.run().state == "completed"
    assert scene.records.outputs["0197-r1"].stdout == "hello\n"


def test_what_took_the_name_meanwhile_is_not_deleted_for_it(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    run_pod(scene, scene.cluster.objects[JOB], None, b"")
    scene.clock.now = scene.run().deadline_at
    delete = scene.cluster.delete

    def replaced(ref, *, uid=None):
        scene.cluster.objects[JOB]["metadata"]["uid"] = "another"
        scene.cluster.delete = delete
        return delete(ref, uid=uid)

    scene.cluster.delete = replaced
    scene.settle(key)
    assert scene.run().state == "timeout"
    assert JOB not in scene.cluster.objects


def test_a_run_that_nobody_knows_leaves_nothing_to_do(scene):
    assert scene.settle(RunKey("0197-r9")) is None


def test_a_watcher_clears_away_what_has_no_record(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    world = World()
    for kind in KINDS:
        world.replace(kind, scene.cluster.list(kind).items)
    scene.records.by_id.clear()
    watching = scene.watching(world)
    scene.reconciler(watching).settle(key)
    assert JOB not in scene.cluster.objects
    assert world.everything() == {}


def test_a_run_over_the_quota_says_what_it_waits_for(scene, a_run):
    key = scene.records.add(a_run())
    scene.settle(key)
    event = {
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "tenant-alice"},
        "involvedObject": {"kind": "Job", "name": "hello-invoke-1"},
        "reason": "FailedCreate",
        "message": "exceeded quota: tenant-quota",
    }
    scene.cluster.put(event)
    scene.clock.now = scene.run().due_at
    scene.settle(key)
    assert (scene.run().state, scene.run().reason) == ("scheduled", "FailedCreate")
    assert "exceeded quota: tenant-quota" in scene.run().message
