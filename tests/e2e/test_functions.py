"""A function's life over HTTP, and what of it is on the cluster meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from shared.cluster.port import Ref, Selection

SAY_COLOUR = """\
import os, time
print('I am', os.environ['COLOUR'], flush=True)
while 'EVENTFLOW_JOB_NAME' not in os.environ: time.sleep(60)
"""


@pytest.fixture
def pods(kubernetes):
    def ready(tenant, name="hello"):
        found = kubernetes.list("Pod", Selection(tenant.user.namespace, {"function": name})).items
        return {pod["metadata"]["name"] for pod in found if _is_ready(pod)}

    return ready


def test_it_comes_up(tenant, events):
    created = tenant.create(replicas=2, env={"GREETING": "hi"})
    assert (created["status"], created["available_replicas"]) == ("Pending", 0)
    running = tenant.until(available_replicas=2, ready_replicas=2)
    assert (running["status_reason"], running["status_message"]) == ("", "")
    assert tenant("GET", "/v1/functions").json == [running]
    happened = events(tenant.user.user_id)
    assert [kind for kind, _ in happened] == ["function.created", "function.running"]
    assert {data["id"] for _, data in happened} == {created["id"]}


def test_an_image_that_cannot_run_here_is_simulated_and_says_so(tenant, stack):
    if not stack.emulated_cluster:
        pytest.skip("only the emulator simulates")
    tenant.create(image="nginx:alpine")
    running = tenant.until(status_reason="Simulated")
    assert "nginx:alpine" in running["status_message"]
    assert "KUBECONFIG" in running["status_message"]


def test_replicas_follow_a_patch(tenant, pods):
    tenant.running()
    for wanted in (3, 1):
        answer = tenant("PATCH", "/v1/functions/hello", json={"replicas": wanted})
        assert (answer.status, answer.json["replicas"]) == (200, wanted)
        tenant.until(available_replicas=wanted, updated_replicas=wanted)
        assert len(pods(tenant)) == wanted


def test_a_change_of_its_environment_is_rolled_out_without_a_gap(tenant, pods, eventually):
    before = tenant.running(program=SAY_COLOUR, env={"COLOUR": "red"})
    (old,) = pods(tenant)
    answer = tenant("PATCH", "/v1/functions/hello", json={"env": {"COLOUR": "blue"}})
    assert answer.json["env"] == {"COLOUR": "blue"}
    assert answer.json["generation"] == before["generation"] + 1

    def replaced():
        now = pods(tenant)
        if not now:
            raise RuntimeError("no pod is ready")
        return old not in now

    eventually(replaced, within=40)
    tenant.until(generation=2)
    eventually(lambda: tenant.logs().splitlines()[-1:] == ["I am blue"], within=20)


def test_a_patch_that_changes_nothing_starts_nothing(tenant, events):
    before = tenant.running(replicas=1)
    same = tenant("PATCH", "/v1/functions/hello", json={"replicas": 1, "image": before["image"]})
    assert (same.status, same.json) == (200, before)
    assert "function.updated" not in [kind for kind, _ in events(tenant.user.user_id)]


def test_deleted_it_is_gone_for_its_owner_at_once_and_from_the_cluster_soon(tenant, kubernetes, eventually):
    tenant.running()
    namespace = tenant.user.namespace
    assert kubernetes.get(Ref("Deployment", "fn-hello", namespace)) is not None
    assert tenant("DELETE", "/v1/functions/hello").status == 204
    for method in ("GET", "DELETE"):
        answer = tenant(method, "/v1/functions/hello")
        assert (answer.status, answer.json["message"]) == (404, "function 'hello' not found")
    assert tenant("GET", "/v1/functions").json == []
    for kind in ("Deployment", "Service", "Pod"):
        its = partial(kubernetes.list, kind, Selection(namespace, {"function": "hello"}))
        eventually(lambda its=its: not its().items, within=40)


def test_its_name_is_free_at_once(tenant, pods, eventually):
    before = tenant.running(program=SAY_COLOUR, env={"COLOUR": "red"})
    old = pods(tenant)
    assert tenant("DELETE", "/v1/functions/hello").status == 204
    after = tenant.create(program=SAY_COLOUR, env={"COLOUR": "blue"})
    assert after["id"] != before["id"]
    assert tenant.until()["id"] == after["id"]
    eventually(lambda: len(pods(tenant)) == 1 and not old & pods(tenant), within=40)
    eventually(lambda: tenant.logs().splitlines()[-1:] == ["I am blue"], within=20)


def test_of_many_that_want_one_name_one_gets_it(tenant):
    def create(_):
        return tenant("POST", "/v1/functions", json={"name": "hello", "image": "nginx:alpine"})

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(create, range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    refused = next(answer.json for answer in answers if answer.status == 409)
    assert refused == {
        "error": "Conflict",
        "message": f"function 'hello' already exists in namespace '{tenant.user.namespace}'",
    }
    assert len(tenant("GET", "/v1/functions").json) == 1


def test_two_tenants_use_one_name_apart(tenant, neighbour, kubernetes, eventually):
    tenant.create(program=SAY_COLOUR, env={"COLOUR": "red"})
    neighbour.create(program=SAY_COLOUR, env={"COLOUR": "blue"})
    for one, colour in ((tenant, "red"), (neighbour, "blue")):
        one.until()
        eventually(lambda one=one, colour=colour: one.logs() == f"I am {colour}\n", within=20)
        assert kubernetes.get(Ref("Deployment", "fn-hello", one.user.namespace)) is not None
    assert tenant("DELETE", "/v1/functions/hello").status == 204
    assert neighbour.get()["status"] == "Running"
    assert neighbour.finished()["result"] == "I am blue\n"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/functions/hello"),
        ("PATCH", "/v1/functions/hello"),
        ("DELETE", "/v1/functions/hello"),
        ("POST", "/v1/functions/hello:invoke"),
        ("GET", "/v1/functions/hello/logs"),
        ("GET", "/v1/functions/hello/invocations"),
    ],
)
def test_what_is_anothers_is_not_there(tenant, neighbour, method, path):
    tenant.create(image="nginx:alpine")
    body = {"json": {}} if method in {"PATCH", "POST"} else {}
    answer = neighbour(method, path, **body)
    assert (answer.status, answer.json) == (
        404,
        {"error": "Not Found", "message": "function 'hello' not found"},
    )


def test_a_list_is_paged_by_number_and_by_cursor(tenant):
    names = [f"f{number}" for number in range(5)]
    for name in names:
        tenant.create(name, image="nginx:alpine")

    first = tenant("GET", "/v1/functions?page=1&limit=2")
    assert [one["name"] for one in first.json] == ["f4", "f3"]
    assert first.headers["x-total-count"] == "5"
    assert [one["name"] for one in tenant("GET", "/v1/functions?page=3&limit=2").json] == ["f0"]

    found, path = [], "/v1/functions?limit=2"
    while path:
        answer = tenant("GET", path)
        found += [one["name"] for one in answer.json]
        link = answer.headers.get("link", "")
        path = link[1 : link.index(">")] if 'rel="next"' in link else None
    assert found == names[::-1]


def _is_ready(pod):
    conditions = pod.get("status", {}).get("conditions", ())
    return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)
