"""Logs of pods: the end, the whole, and what comes next."""

import threading
from datetime import UTC, datetime

import pytest


@pytest.fixture
def finished(space, manifests):
    """The name of a pod that has printed five lines and ended."""
    space.create(manifests.pod("talks", "sh", "-c", "for n in 1 2 3 4 5; do echo line $n; done"))
    space.until(lambda: space.get("Pod", "talks")["status"]["phase"] == "Succeeded")
    return "talks"


def test_the_whole_log(space, finished):
    assert space.log(finished) == "".join(f"line {n}\n" for n in range(1, 6))


def test_the_last_lines(space, finished):
    assert space.log(finished, tailLines=2) == "line 4\nline 5\n"
    assert space.log(finished, tailLines=0) == ""
    assert space.log(finished, tailLines=50).count("\n") == 5


def test_no_more_than_so_many_bytes(space, finished):
    assert space.log(finished, limitBytes=10) == "line 1\nlin"


def test_each_line_with_its_time(space, finished):
    lines = space.log(finished, timestamps="true").splitlines()
    stamps = [line.split(" ", 1)[0] for line in lines]
    assert [line.split(" ", 1)[1] for line in lines] == [f"line {n}" for n in range(1, 6)]
    assert stamps == sorted(stamps)
    assert all(datetime.fromisoformat(stamp).tzinfo == UTC for stamp in stamps)
    assert all(len(stamp.partition(".")[2]) > 6 for stamp in stamps), "nanoseconds"


def test_only_what_was_said_since(space, finished):
    assert space.log(finished, sinceSeconds=3600).count("\n") == 5
    assert space.log(finished, sinceTime="2100-01-01T00:00:00Z") == ""


def test_a_followed_log_comes_line_by_line_and_ends_with_the_program(space, manifests):
    space.create(manifests.pod("talks", "sh", "-c", "echo first; sleep 1; echo second"))
    space.until(lambda: space.get("Pod", "talks")["status"]["phase"] == "Running")
    response = space.stream(f"{space.path('Pod', 'talks')}/log", follow="true")
    parts = list(response.stream(amt=None, decode_content=False))
    assert b"".join(parts) == b"first\nsecond\n"
    assert len(parts) > 1


def test_a_client_that_goes_away_from_a_followed_log_harms_nobody(space, manifests):
    space.create(manifests.pod("talks", "sh", "-c", "while true; do echo tick; sleep 0.1; done"))
    space.until(lambda: space.get("Pod", "talks")["status"]["phase"] == "Running")
    response = space.stream(f"{space.path('Pod', 'talks')}/log", follow="true")
    assert b"tick" in next(response.stream(amt=None, decode_content=False))
    threading.Thread(target=response.close).start()
    space.until(lambda: space.log("talks", tailLines=1) == "tick\n")


def test_a_container_that_has_not_started_has_no_log(space, manifests, refused):
    space.create(manifests.pod("waits", "true", image="registry.invalid/none:1"))
    space.until(lambda: space.get("Pod", "waits")["status"].get("containerStatuses"))
    with refused(400, "BadRequest", 'container "main" in pod "waits" is waiting to start'):
        space.log("waits")


def test_of_several_containers_one_must_be_named(space, manifests, refused):
    manifest = manifests.pod("two", "sh", "-c", "echo main")
    second = {"name": "side", "image": "busybox:1.36", "command": ["sh", "-c", "echo side"]}
    manifest["spec"]["containers"].append(second)
    space.create(manifest)
    space.until(lambda: space.get("Pod", "two")["status"]["phase"] == "Succeeded")
    with refused(
        400, "BadRequest", "a container name must be specified for pod two, choose one of: [main side]"
    ):
        space.log("two")
    assert space.log("two", container="side") == "side\n"
    with refused(400, "BadRequest", "container other is not valid for pod two"):
        space.log("two", container="other")


def test_without_an_earlier_run_there_is_no_previous_log(space, finished, refused):
    with refused(400, "BadRequest", 'previous terminated container "main" in pod "talks" not found'):
        space.log(finished, previous="true")


def test_the_log_of_no_pod_is_not_found(space, refused):
    with refused(404, "NotFound", 'pods "nobody" not found'):
        space.log("nobody")
