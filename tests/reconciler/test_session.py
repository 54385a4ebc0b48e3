"""The watcher: what changes on the cluster reaches the records, and what is due is done."""

import threading
import time
from datetime import timedelta

import pytest

from shared import clock
from shared.cluster.port import Ref
from shared.errors import Gone
from shared.reconciler import lease, session
from shared.reconciler.lease import Lease
from shared.reconciler.session import Session
from shared.reconciler.world import KINDS, World
from tests.reconciler.fake_cluster import Faults
from tests.reconciler.kubelet import kubelet

DEPLOYMENT = Ref("Deployment", "fn-hello", "tenant-alice")


@pytest.fixture
def lease_kept(monkeypatch):
    """The lease without its table: kept until a test takes it away."""
    lost = threading.Event()

    def renew(held, *, now):
        return None if lost.is_set() else Lease(held.holder, held.fence, now + lease.HELD)

    monkeypatch.setattr(lease, "renew", renew)
    monkeypatch.setattr(lease, "RENEWED_EVERY", timedelta(seconds=0.05))
    monkeypatch.setattr(session, "_TICK", 0.01)
    return lost


@pytest.fixture
def too_busy_to_renew_in_time(monkeypatch):
    monkeypatch.setattr(lease, "HELD", timedelta(0))


@pytest.fixture
def first_list_grows_too_old(scene):
    scene.cluster.before = Faults(at=1, error=lambda: Gone("the continue token is too old"))


@pytest.fixture
def watching(scene, lease_kept):
    """A session under way, on the real clock: it waits for real."""
    scene.clock = clock.now
    scene.records.clock = clock.now
    scene.cluster.now = clock.now()
    world = World()
    reconciler = scene.reconciler(scene.watching(world))
    held = Lease("me", 1, clock.now() + lease.HELD)
    running = Session(reconciler, world, held, ends=time.monotonic() + 30)
    thread = threading.Thread(target=running.run)
    thread.start()
    yield thread
    lease_kept.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def fresh(a_function, a_run):
    """Records as of now."""

    def make(kind, **changes):
        now = clock.now()
        times = {"created_at": now, "deadline_at": now + timedelta(minutes=10), "due_at": now}
        if kind == "function":
            return a_function(updated_at=now, **times | changes)
        return a_run(**times | changes)

    return make


def test_what_is_due_is_done_and_what_changes_is_reported(scene, watching, fresh, eventually):
    scene.records.add(fresh("function"))
    eventually(lambda: DEPLOYMENT in scene.cluster.objects)
    eventually(lambda: scene.function().status_reason == "Starting")
    kubelet(scene)
    eventually(lambda: scene.function().status == "Running")


def test_a_run_is_followed_to_its_end(scene, watching, fresh, eventually):
    scene.records.add(fresh("run"))
    eventually(lambda: scene.run().state == "scheduled")
    kubelet(scene, printed=b"42\n")
    eventually(lambda: scene.run().state == "completed")
    assert scene.records.outputs["0197-r1"].stdout == "42\n"


def test_what_is_deleted_by_hand_comes_back_at_once(scene, watching, fresh, eventually):
    scene.records.add(fresh("function"))
    eventually(lambda: scene.function().status_reason == "Starting")
    scene.cluster.remove(DEPLOYMENT)
    eventually(lambda: DEPLOYMENT in scene.cluster.objects)


def test_nothing_is_missed_when_the_cluster_forgets(scene, watching, fresh, eventually):
    scene.records.add(fresh("function"))
    eventually(lambda: scene.function().status_reason == "Starting")
    scene.cluster.verbs.clear()
    scene.cluster.forget()
    eventually(lambda: "list Deployment" in scene.cluster.verbs)
    kubelet(scene)
    eventually(lambda: scene.function().status == "Running")


def test_a_list_that_grows_too_old_on_its_way_is_begun_again(
    scene, first_list_grows_too_old, watching, fresh, eventually
):
    scene.records.add(fresh("function"))
    eventually(lambda: scene.function().status_reason == "Starting")
    kubelet(scene)
    eventually(lambda: scene.function().status == "Running")


def test_an_outage_is_waited_out(scene, watching, fresh, eventually):
    eventually(lambda: {f"watch {kind}" for kind in KINDS} <= set(scene.cluster.verbs))
    scene.cluster.reachable = False
    scene.cluster.forget()
    scene.records.add(fresh("function"))
    eventually(lambda: "get ServiceAccount" in scene.cluster.verbs)
    assert scene.function().status_reason == ""
    scene.cluster.reachable = True
    eventually(lambda: scene.function().status_reason == "Starting")


def test_a_lease_that_ran_out_but_that_nobody_took_is_renewed(
    scene, too_busy_to_renew_in_time, watching, fresh, eventually
):
    scene.records.add(fresh("function"))
    eventually(lambda: DEPLOYMENT in scene.cluster.objects)
    kubelet(scene)
    eventually(lambda: scene.function().status == "Running")


def test_whoever_loses_the_lease_stops(watching, lease_kept):
    lease_kept.set()
    watching.join(10)
    assert not watching.is_alive()
