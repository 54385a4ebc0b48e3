"""One key brought to rest, whatever fails on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.cluster.port import Ref, Refused
from shared.errors import Conflict, Unavailable
from tests.reconciler.kubelet import kubelet

DEPLOYMENT = Ref("Deployment", "fn-hello", "tenant-alice")


def test_a_function_comes_up(scene, a_function):
    key = scene.records.add(a_function())
    scene.settle(key)
    assert scene.function().status == "Pending"
    kubelet(scene)
    scene.settle(key)
    assert scene.function().status == "Running"


def test_whoever_watches_reports_once_where_a_function_is_ready_soon(scene, a_function, now):
    key = scene.records.add(a_function())
    patient = replace(scene.reconciler(), awaited=set())
    assert patient.settle(key) == now + timedelta(seconds=1)
    assert scene.records.writes == 0
    kubelet(scene)
    patient.settle(key)
    assert scene.function().status == "Running"
    assert scene.records.writes == 1


def test_whoever_watches_says_that_a_function_starts_if_it_takes_longer(scene, a_function):
    key = scene.records.add(a_function())
    patient = replace(scene.reconciler(), awaited=set())
    patient.settle(key)
    scene.clock.pass_(seconds=1)
    patient.settle(key)
    assert (scene.function().status, scene.function().status_reason) == ("Pending", "Starting")


def test_a_second_pass_over_a_converged_world_writes_nothing(scene, a_function):
    key = scene.records.add(a_function())
    scene.settle(key)
    kubelet(scene)
    scene.settle(key)
    written, scene.cluster.verbs = scene.records.writes, []
    scene.settle(key)
    assert scene.records.writes == written
    assert scene.cluster.verbs == ["get Deployment", "get Service", "list Pod"]


def test_a_function_that_the_cluster_refuses_says_why(scene, a_function):
    scene.cluster.refusals["Deployment"] = Refused("Forbidden", "not allowed here")
    scene.settle(scene.records.add(a_function()))
    assert (scene.function().status, scene.function().status_reason) == ("Failed", "Forbidden")
    assert "not allowed here" in scene.function().status_message


def test_a_function_comes_up_once_the_cluster_refuses_no_longer(scene, a_function):
    scene.cluster.refusals["Deployment"] = Refused("Forbidden", "not allowed here")
    key = scene.records.add(a_function())
    scene.settle(key)
    scene.cluster.refusals.clear()
    scene.settle(key)
    kubelet(scene)
    scene.settle(key)
    assert scene.function().status == "Running"


def test_a_cluster_that_does_not_answer_leaves_the_record_as_it_is(scene, a_function, a_run):
    scene.cluster.reachable = False
    for record in (a_function(), a_run()):
        with pytest.raises(Unavailable):
            scene.settle(scene.records.add(record))
    assert scene.records.writes == 0


@pytest.mark.parametrize("generation", [0, 1], ids=["never there", "there before"])
def test_a_function_does_not_wait_for_ever_for_a_cluster_that_does_not_answer(scene, a_function, generation):
    key = scene.records.add(a_function(observed_generation=generation))
    scene.cluster.reachable = False
    scene.clock.pass_(minutes=10)
    again = scene.settle(key)
    assert (scene.function().status, scene.function().status_reason) == ("Failed", "ClusterUnavailable")
    assert again > scene.clock()
    scene.cluster.reachable = True
    scene.settle(key)
    kubelet(scene)
    scene.settle(key)
    assert scene.function().status == "Running"


def test_what_is_left_of_a_deleted_function_is_not_forgotten_in_an_outage(scene, a_function):
    key = scene.records.add(a_function())
    scene.settle(key)
    scene.records.delete(key)
    scene.cluster.reachable = False
    scene.clock.pass_(minutes=20)
    with pytest.raises(Unavailable):
        scene.settle(key)
    scene.cluster.reachable = True
    scene.settle(key)
    assert DEPLOYMENT not in scene.cluster.objects


def test_a_namespace_deleted_by_hand_comes_back_with_all_that_was_in_it(scene, a_function):
    reconciler, key = scene.reconciler(), scene.records.add(a_function())
    reconciler.settle(key)
    before = set(scene.cluster.objects)
    scene.cluster.remove(Ref("Namespace", "tenant-alice"))
    reconciler.settle(key)
    assert set(scene.cluster.objects) == before


def test_a_deployment_deleted_or_edited_by_hand_is_healed(scene, a_function):
    key = scene.records.add(a_function())
    scene.settle(key)
    wanted = scene.cluster.objects[DEPLOYMENT]["spec"]
    scene.cluster.put(scene.cluster.objects[DEPLOYMENT] | {"spec": wanted | {"replicas": 9}})
    scene.settle(key)
    assert scene.cluster.objects[DEPLOYMENT]["spec"] == wanted
    scene.cluster.remove(DEPLOYMENT)
    scene.settle(key)
    assert scene.cluster.objects[DEPLOYMENT]["spec"] == wanted


def test_a_deleted_function_leaves_nothing_behind(scene, a_function):
    key = scene.records.add(a_function())
    scene.settle(key)
    scene.records.delete(key)
    scene.settle(key)
    assert not [ref for ref in scene.cluster.objects if ref.kind in {"Deployment", "Service"}]
    assert [function.due_at for function in scene.records.gone.values()] == [None]


def test_whoever_comes_second_reads_again(scene, a_function, monkeypatch):
    key = scene.records.add(a_function())
    scene.settle(key)
    kubelet(scene)
    report = scene.records.report_function

    def beaten(function, seen, *, now):
        monkeypatch.undo()
        scene.records.live[key] = function.model_copy(update={"version": 99, "replicas": 2, "generation": 2})
        return report(function, seen, now=now)

    monkeypatch.setattr(scene.records, "report_function", beaten)
    scene.settle(key)
    assert scene.function().replicas == 2
    assert scene.cluster.objects[DEPLOYMENT]["spec"]["replicas"] == 2


def test_a_reconciler_whose_lease_is_over_writes_nothing(scene, a_function):
    key = scene.records.add(a_function(fence=8))
    scene.records.fence = 7
    assert scene.settle(key) == scene.clock.now + timedelta(seconds=1)
    assert scene.function().status_reason == ""


def test_a_cluster_that_refuses_to_delete_is_asked_again_later(scene, a_function, monkeypatch):
    def refuse(ref, *, uid=None):
        raise Refused("Forbidden", "deployments cannot be deleted")

    key = scene.records.add(a_function())
    scene.settle(key)
    scene.records.delete(key)
    monkeypatch.setattr(scene.cluster, "delete", refuse)
    with pytest.raises(Unavailable, match="refuses to delete tenant-alice/Deployment/fn-hello"):
        scene.settle(key)


def test_an_apply_that_collides_is_planned_again(scene, a_function, monkeypatch):
    apply = scene.cluster.apply

    def collide(manifest):
        if manifest["kind"] == "Deployment":
            monkeypatch.undo()
            raise Conflict("the object has been modified")
        return apply(manifest)

    monkeypatch.setattr(scene.cluster, "apply", collide)
    scene.settle(scene.records.add(a_function()))
    assert DEPLOYMENT in scene.cluster.objects


def test_a_cluster_whose_policy_rewrites_what_we_apply_is_not_fought(scene, a_function, monkeypatch):
    apply = scene.cluster.apply

    def rewrite(manifest):
        return apply(
            {**manifest, "spec": {**manifest["spec"], "replicas": 3}} if is_ours(manifest) else manifest
        )

    def is_ours(manifest):
        return manifest["kind"] == "Deployment"

    monkeypatch.setattr(scene.cluster, "apply", rewrite)
    key = scene.records.add(a_function())
    scene.settle(key)
    assert scene.cluster.verbs.count("apply Deployment") == 1
    assert scene.function().status_reason == "Starting"
    version = scene.cluster.objects[DEPLOYMENT]["metadata"]["resourceVersion"]
    scene.settle(key)
    assert scene.cluster.objects[DEPLOYMENT]["metadata"]["resourceVersion"] == version
