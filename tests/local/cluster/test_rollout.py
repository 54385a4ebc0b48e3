"""How a Deployment moves its pods from old ReplicaSets to the new one."""

from datetime import UTC, datetime, timedelta

import pytest

from local.cluster.controllers import rollout

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(replicas, surge="25%", unavailable="25%", kind="RollingUpdate", status=None, **spec):
    strategy = {"type": kind}
    if kind == "RollingUpdate":
        strategy["rollingUpdate"] = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {
        "metadata": {"name": "web", "generation": 1},
        "spec": {"replicas": replicas, "strategy": strategy, **spec},
        "status": status or {},
    }


def replica_set(uid, replicas, available=None):
    available = replicas if available is None else available
    status = {"replicas": replicas, "readyReplicas": available, "availableReplicas": available}
    return {"metadata": {"name": f"web-{uid}", "uid": uid}, "spec": {"replicas": replicas}, "status": status}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "bounds"),
    [
        (4, "25%", "25%", (1, 1)),
        (1, "25%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (3, 0, 0, (0, 1)),
        (3, 2, 1, (2, 1)),
        (0, "25%", "25%", (0, 1)),
    ],
)
def test_shares_are_rounded_so_that_a_rollout_can_move(replicas, surge, unavailable, bounds):
    found = rollout.bounds(deployment(replicas, surge, unavailable))
    assert (found.surge, found.unavailable) == bounds


@pytest.mark.parametrize(
    ("wanted", "new", "old", "scales"),
    [
        pytest.param(deployment(3), None, [], {"": 3}, id="the first one"),
        pytest.param(deployment(3), replica_set("n", 3), [], {}, id="all is as wanted"),
        pytest.param(deployment(5), replica_set("n", 3), [], {"n": 5}, id="scaled up"),
        pytest.param(deployment(1), replica_set("n", 3), [], {"n": 1}, id="scaled down"),
        pytest.param(deployment(2, 1, 0), None, [replica_set("o", 2)], {"": 1}, id="one more, none fewer"),
        pytest.param(
            deployment(2, 1, 0), replica_set("n", 1, 0), [replica_set("o", 2)], {}, id="waits for the new one"
        ),
        pytest.param(
            deployment(2, 1, 0),
            replica_set("n", 1),
            [replica_set("o", 2)],
            {"o": 1},
            id="then gives one old up",
        ),
        pytest.param(
            deployment(2, 1, 0), replica_set("n", 1), [replica_set("o", 1)], {"n": 2}, id="and goes on"
        ),
        pytest.param(
            deployment(2, 1, 0),
            replica_set("n", 2),
            [replica_set("o", 1)],
            {"o": 0},
            id="until the old are gone",
        ),
        pytest.param(
            deployment(2, 0, 1), None, [replica_set("o", 2)], {"": 0, "o": 1}, id="one fewer, none more"
        ),
        pytest.param(
            deployment(2, 1, 1),
            replica_set("n", 1, 0),
            [replica_set("o", 2, 1)],
            {"o": 1},
            id="the broken one of the old goes first",
        ),
    ],
)
def test_steps_of_a_rollout(wanted, new, old, scales):
    assert rollout.scales(wanted, new, old, old_pods=sum(each["spec"]["replicas"] for each in old)) == scales


def test_recreate_waits_until_the_old_pods_have_ended():
    wanted, old = deployment(2, kind="Recreate"), replica_set("o", 0)
    assert rollout.scales(wanted, None, [replica_set("o", 2)], old_pods=2) == {"o": 0, "": 0}
    assert rollout.scales(wanted, replica_set("n", 0), [old], old_pods=1) == {}
    assert rollout.scales(wanted, replica_set("n", 0), [old], old_pods=0) == {"n": 2}


def progress(status):
    return next(each for each in status["conditions"] if each["type"] == "Progressing")


def test_a_rollout_without_progress_is_given_up_after_its_deadline():
    stuck = replica_set("n", 1, 0)
    wanted = deployment(1, progressDeadlineSeconds=60)
    wanted["status"] = rollout.status(wanted, None, [], NOW)
    for seconds, reason in (
        (1, "ReplicaSetUpdated"),
        (59, "ReplicaSetUpdated"),
        (62, "ProgressDeadlineExceeded"),
    ):
        wanted["status"] = rollout.status(wanted, stuck, [], NOW + timedelta(seconds=seconds))
        assert progress(wanted["status"])["reason"] == reason
    assert progress(wanted["status"])["status"] == "False"
    wanted["status"] = rollout.status(wanted, replica_set("n", 1), [], NOW + timedelta(seconds=63))
    assert progress(wanted["status"])["reason"] == "NewReplicaSetAvailable"


def test_pods_that_fail_later_do_not_undo_a_finished_rollout():
    wanted = deployment(1, progressDeadlineSeconds=60)
    wanted["status"] = rollout.status(wanted, replica_set("n", 1), [], NOW)
    later = rollout.status(wanted, replica_set("n", 1, 0), [], NOW + timedelta(hours=1))
    assert progress(later)["reason"] == "NewReplicaSetAvailable"
    assert later["unavailableReplicas"] == 1


def test_the_time_of_a_transition_stays_while_the_status_does():
    wanted = deployment(1)
    wanted["status"] = rollout.status(wanted, replica_set("n", 1), [], NOW)
    assert rollout.status(wanted, replica_set("n", 1), [], NOW + timedelta(hours=1)) == wanted["status"]
