"""What counts as a difference between what we want and what is there."""

import pytest

from shared.reconciler.drift import differs

WANTED = {
    "spec": {
        "replicas": 2,
        "containers": [{"name": "function", "image": "a"}],
        "drop": ["ALL"],
        "rules": [{"port": 53}, {"port": 80}],
        "selector": {},
    }
}


def with_spec(**changes):
    return {"spec": WANTED["spec"] | changes, "status": {"anything": True}}


@pytest.mark.parametrize(
    ("observed", "different"),
    [
        pytest.param(None, True, id="missing"),
        pytest.param(with_spec(), False, id="the same"),
        pytest.param(with_spec(more=1), False, id="a default that the cluster added"),
        pytest.param(with_spec(replicas=3), True, id="edited by hand"),
        pytest.param({"spec": {}}, True, id="emptied"),
        pytest.param(with_spec(selector=None), True, id="another type"),
        pytest.param(
            with_spec(containers=[{"name": "mesh"}, {"name": "function", "image": "a", "tty": False}]),
            False,
            id="a sidecar beside ours",
        ),
        pytest.param(with_spec(containers=[{"name": "function", "image": "b"}]), True, id="another image"),
        pytest.param(with_spec(containers=[{"name": "mesh"}]), True, id="ours is gone"),
        pytest.param(with_spec(containers="function"), True, id="not a list"),
        pytest.param(with_spec(drop=["ALL", "KILL"]), True, id="one more of what has no name"),
        pytest.param(with_spec(rules=[{"port": 80}, {"port": 53}]), True, id="another order"),
    ],
)
def test_differences(observed, different):
    assert differs(WANTED, observed) is different
