"""Everything on the cluster against its records: what it costs, and what it finds."""

import pytest

from shared.cluster.labels import FunctionKey, RunKey
from shared.cluster.port import Change, Ref
from shared.reconciler import manifests
from shared.reconciler.resync import resync
from shared.reconciler.world import KINDS, World
from shared.runs.models import RunState
from tests.reconciler.kubelet import kubelet

QUOTA = Ref("ResourceQuota", "tenant-quota", "tenant-alice")
FILE = Ref("ConfigMap", "hello-invoke-1-input", "tenant-alice")


@pytest.fixture
def resynced(scene):
    """The keys that a resync wants settled, and the calls it made."""

    def resynced():
        world = World()
        for kind in KINDS:
            world.replace(kind, scene.cluster.list(kind).items)
        reconciler = scene.reconciler(scene.watching(world))
        scene.cluster.verbs.clear()
        return list(resync(reconciler, world, scene.clock)), list(scene.cluster.verbs)

    return resynced


def converge(scene, *keys):
    for _ in range(3):
        for key in keys:
            scene.settle(key)
        kubelet(scene)


def test_a_converged_world_costs_one_list_a_kind(scene, a_function, a_run, resynced):
    functions = [
        scene.records.add(a_function(id=f"f{number}", name=f"fn{number}", namespace=f"tenant-{number}"))
        for number in range(20)
    ]
    converge(scene, *functions, scene.records.add(a_run()))
    assert resynced() == (
        [],
        [
            "list Namespace",
            "list ResourceQuota",
            "list LimitRange",
            "list NetworkPolicy",
            "list ServiceAccount",
            "list ConfigMap",
        ],
    )


def test_drift_is_found(scene, a_function, resynced):
    key = scene.records.add(a_function())
    converge(scene, key)
    scene.cluster.remove(Ref("Deployment", "fn-hello", "tenant-alice"))
    assert resynced()[0] == [key]


def test_objects_without_a_record_are_found(scene, a_function, a_run, resynced):
    converge(scene, scene.records.add(a_function()), scene.records.add(a_run()))
    scene.records.live.clear()
    scene.records.by_id.clear()
    assert set(resynced()[0]) == {FunctionKey("alice", "hello"), RunKey("0197-r1")}


def test_objects_of_another_stack_are_none_of_our_business(scene, a_function, a_run, platform):
    seen = World()
    other = manifests.job(a_run(), None, platform)
    del other["metadata"]["labels"], other["metadata"]["annotations"]
    assert seen.put(other) is None
    assert seen.everything() == {}


def test_a_tenants_fence_is_healed(scene, a_function, resynced):
    converge(scene, scene.records.add(a_function()))
    wanted = scene.cluster.objects[QUOTA]
    scene.cluster.put(wanted | {"spec": {"hard": {"pods": "9999"}}})
    scene.cluster.remove(Ref("NetworkPolicy", "default-deny", "tenant-alice"))
    resynced()
    assert scene.cluster.objects[QUOTA]["spec"] == wanted["spec"]
    assert Ref("NetworkPolicy", "default-deny", "tenant-alice") in scene.cluster.objects


def test_a_namespace_on_its_way_out_is_left_alone(scene, a_function, resynced):
    converge(scene, scene.records.add(a_function()))
    namespace = scene.cluster.objects[Ref("Namespace", "tenant-alice")]
    leaving = namespace["metadata"] | {"deletionTimestamp": "2030-01-01T12:00:00Z"}
    scene.cluster.put(namespace | {"metadata": leaving})
    scene.cluster.remove(QUOTA)
    resynced()
    assert QUOTA not in scene.cluster.objects


@pytest.fixture
def unowned_file(scene, a_run, platform):
    """The input of a run whose reconciler was killed before it made the Job."""
    run = a_run(input_bytes=40_000)
    key = scene.records.add(run)
    scene.settle(scene.records.add(a_run(id="0197-r0", job_name="hello-invoke-0")))
    scene.cluster.create(manifests.input_map(run, "[]", platform))
    return key


def test_a_file_whose_run_is_still_to_start_is_kept(scene, unowned_file, resynced):
    assert unowned_file in resynced()[0]
    assert FILE in scene.cluster.objects


@pytest.mark.parametrize(
    "change", [{"state": RunState.FAILED}, None], ids=["its run is over", "its run is forgotten"]
)
def test_a_file_that_nobody_will_read_is_removed(scene, unowned_file, resynced, change):
    run = scene.records.by_id.pop(unowned_file.id)
    if change is not None:
        scene.records.by_id[run.id] = run.model_copy(update=change)
    resynced()
    assert FILE not in scene.cluster.objects


def test_a_world_says_whose_objects_changed(scene, a_function, platform):
    world, key = World(), FunctionKey("alice", "hello")
    deployment, service = ({**item} for item in manifests.function(a_function(), platform))
    deployment["metadata"] = {**deployment["metadata"], "resourceVersion": "1", "managedFields": ["long"]}
    assert not world.complete
    assert world.replace("Deployment", [deployment]) == {key}
    assert world.replace("Deployment", [deployment]) == set()
    assert world.change(Change("ADDED", service)) == key
    assert world.change(Change("BOOKMARK", {"metadata": {"resourceVersion": "2"}})) is None
    assert set(world.of(key).items) == {Ref.of(deployment), Ref.of(service)}
    assert "managedFields" not in world.of(key).items[Ref.of(deployment)]["metadata"]
    assert world.replace("Deployment", []) == {key}
    assert world.change(Change("DELETED", service)) == key
    assert world.remove(Ref.of(service)) is None
    assert world.everything() == {}
    for kind in KINDS:
        world.replace(kind, [])
    assert world.complete
