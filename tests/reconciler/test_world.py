"""What the watch has told is not undone by the answer to a write that comes late."""

from typing import Any

import pytest

from shared.cluster import labels
from shared.cluster.labels import FunctionKey
from shared.cluster.port import Change, Ref
from shared.reconciler.world import World

KEY = FunctionKey("alice", "hello")


def deployment(version: str, **status: Any) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "fn-hello",
            "namespace": "tenant-alice",
            "resourceVersion": version,
            "labels": labels.of_function("alice", "hello"),
            "annotations": {labels.OWNER: "alice"},
        },
        "status": status,
    }


@pytest.mark.parametrize(
    ("told", "answered", "kept"),
    [
        pytest.param("7", "5", "7", id="an older answer changes nothing"),
        pytest.param("9", "10", "10", id="a later answer is news, by number and not by text"),
        pytest.param("b", "c", "b", id="versions that are no numbers: the watch is believed"),
    ],
)
def test_late_answers(told: str, answered: str, kept: str) -> None:
    world = World()
    world.change(Change("MODIFIED", deployment(told, availableReplicas=1)))
    world.put_unless_older(deployment(answered))
    known = world.of(KEY).get(Ref("Deployment", "fn-hello", "tenant-alice"))
    assert known is not None
    assert known["metadata"]["resourceVersion"] == kept


def test_an_answer_about_something_new_is_kept() -> None:
    world = World()
    world.put_unless_older(deployment("1"))
    assert world.of(KEY).get(Ref("Deployment", "fn-hello", "tenant-alice")) is not None
