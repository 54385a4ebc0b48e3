"""What the reconciler relies on, against a cluster's real HTTP API."""

import threading

import pytest

from shared.cluster import adapter
from shared.cluster.connection import connect
from shared.cluster.port import LogQuery, Ref, Refused, Selection
from shared.errors import Conflict, Gone, NotFound, Unavailable


@pytest.fixture
def ref(namespace):
    return Ref("ConfigMap", "one", namespace)


@pytest.fixture
def pod(cluster, namespace):
    """Makes a pod that runs a script, and says where."""

    def run(script, name="script"):
        container = {
            "name": "main",
            "image": "python:3.11",
            "command": ["python", "-u", "-c", script],
        }
        cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"restartPolicy": "Never", "containers": [container]},
            }
        )
        return Ref("Pod", name, namespace)

    return run


@pytest.fixture
def phase(cluster):
    return lambda pod: cluster.get(pod)["status"].get("phase")


def test_applying_makes_changes_and_takes_back(cluster, config_map, ref):
    cluster.apply(config_map(a="1", b="2"))
    cluster.apply(config_map(a="3"))
    assert cluster.get(ref)["data"] == {"a": "3"}


def test_applying_the_same_changes_nothing(cluster, config_map):
    first, second = cluster.apply(config_map(a="1")), cluster.apply(config_map(a="1"))
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]


def test_creating_twice_answers_with_the_first(cluster, config_map):
    first = cluster.create(config_map(a="1"))
    second = cluster.create(config_map(a="2"))
    assert (second["metadata"]["uid"], second["data"]) == (first["metadata"]["uid"], {"a": "1"})


def test_what_is_not_there_is_none(cluster, ref):
    assert cluster.get(ref) is None


def test_creating_in_a_namespace_that_is_not_there(cluster, config_map):
    stray = config_map()
    stray["metadata"]["namespace"] = "nowhere"
    with pytest.raises(NotFound):
        cluster.create(stray)


def test_a_list_finds_by_label_in_all_namespaces_and_page_by_page(cluster, config_map, monkeypatch):
    monkeypatch.setattr(adapter, "_PAGE", 2)
    for number in range(5):
        cluster.apply(config_map(f"c{number}", labels={"paged": "yes"}))
    cluster.apply(config_map("other", labels={"paged": "no"}))
    listing = cluster.list("ConfigMap", Selection(labels={"paged": "yes"}))
    assert sorted(item["metadata"]["name"] for item in listing.items) == [f"c{number}" for number in range(5)]
    assert {(item["kind"], item["apiVersion"]) for item in listing.items} == {("ConfigMap", "v1")}


def test_a_watch_tells_what_happened_since(cluster, config_map, ref):
    mine = Selection(labels={"watched": "yes"})
    listing = cluster.list("ConfigMap", mine)
    cluster.apply(config_map(labels={"watched": "yes"}, a="1"))
    cluster.apply(config_map(labels={"watched": "yes"}, a="2"))
    cluster.delete(ref)
    seen = []
    changes = cluster.watch("ConfigMap", mine, resource_version=listing.resource_version, seconds=10)
    for change in changes:
        seen.append((change.type, change.object["data"].get("a")))
        if change.type == "DELETED":
            break
    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")]
    assert int(change.resource_version) > int(listing.resource_version)


def test_a_watch_ends_when_its_time_is_up(cluster):
    version = cluster.list("ConfigMap").resource_version
    changes = cluster.watch(
        "ConfigMap", Selection(labels={"nobody": "has"}), resource_version=version, seconds=1
    )
    assert [change for change in changes if change.type != "BOOKMARK"] == []


def test_a_watch_is_closed_from_another_thread(cluster):
    version = cluster.list("ConfigMap").resource_version
    changes = cluster.watch("ConfigMap", resource_version=version, seconds=60)
    reader = threading.Thread(target=lambda: list(changes))
    reader.start()
    changes.close()
    reader.join(5)
    assert not reader.is_alive()
    changes.close()


def test_a_version_that_the_cluster_has_forgotten_is_gone(cluster):
    with pytest.raises(Gone):
        list(cluster.watch("ConfigMap", resource_version="1", seconds=5))


def test_deleting_concerns_the_very_object(cluster, config_map, ref):
    uid = cluster.apply(config_map())["metadata"]["uid"]
    with pytest.raises(Conflict):
        cluster.delete(ref, uid="00000000-0000-0000-0000-000000000000")
    cluster.delete(ref, uid=uid)
    assert cluster.get(ref) is None


def test_deleting_what_is_gone_is_fine(cluster, ref):
    cluster.delete(ref)


def test_deleting_takes_what_is_owned_along(cluster, config_map, namespace, eventually):
    owner = cluster.apply(config_map("owner"))
    owned = config_map("owned")
    owned["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    ]
    cluster.apply(owned)
    cluster.delete(Ref("ConfigMap", "owner", namespace))
    eventually(lambda: cluster.get(Ref("ConfigMap", "owned", namespace)) is None)


def test_what_the_schema_refuses_is_refused_with_its_reason(cluster, namespace):
    with pytest.raises(Refused) as refusal:
        cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "empty", "namespace": namespace},
                "spec": {"containers": []},
            }
        )
    assert refusal.value.reason == "Invalid"
    assert "containers" in refusal.value.message


def test_what_the_quota_refuses_is_refused_with_its_reason(cluster, namespace, pod, eventually):
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none", "namespace": namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    cluster.apply(quota)
    eventually(lambda: (cluster.get(Ref.of(quota)).get("status") or {}).get("hard") == {"pods": "0"})
    with pytest.raises(Refused) as refusal:
        pod("pass")
    assert refusal.value.reason == "Forbidden"
    assert "exceeded quota: none" in refusal.value.message


def test_a_log_is_read_whole_or_in_part(cluster, pod, phase, eventually):
    where = pod("for n in range(5): print('line', n)")
    eventually(lambda: phase(where) == "Succeeded")
    assert cluster.logs(where, LogQuery()) == b"".join(b"line %d\n" % number for number in range(5))
    assert cluster.logs(where, LogQuery(tail=2)) == b"line 3\nline 4\n"
    assert cluster.logs(where, LogQuery(container="main", limit_bytes=8)) == b"line 0\nl"
    stamped = cluster.logs(where, LogQuery(tail=1, timestamps=True)).decode()
    assert stamped.endswith(" line 4\n")
    assert stamped[10] == "T"


def test_a_log_is_followed_while_it_is_written(cluster, pod, phase, eventually):
    where = pod("import time\nfor n in range(3): print('line', n); time.sleep(.1)")
    eventually(lambda: phase(where) in {"Running", "Succeeded"})
    assert list(cluster.follow(where, LogQuery(), seconds=10)) == ["line 0", "line 1", "line 2"]


def test_following_ends_when_its_time_is_up(cluster, pod, phase, eventually):
    where = pod("import time\nprint('once'); time.sleep(30)")
    eventually(lambda: phase(where) == "Running" and cluster.logs(where, LogQuery()))
    assert list(cluster.follow(where, LogQuery(), seconds=0.3)) == ["once"]


def test_no_log_of_what_is_not_there(cluster, namespace):
    with pytest.raises(NotFound):
        cluster.logs(Ref("Pod", "nobody", namespace), LogQuery())


def test_no_log_of_what_has_not_started(cluster, namespace):
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "stuck", "namespace": namespace},
            "spec": {
                "containers": [{"name": "main", "image": "registry.invalid/nothing:1"}],
                "restartPolicy": "Never",
            },
        }
    )
    with pytest.raises(NotFound):
        cluster.logs(Ref("Pod", "stuck", namespace), LogQuery())


def test_a_cluster_that_answers_says_its_version(cluster):
    assert cluster.version().startswith("v1.")


def test_credentials_that_are_not_accepted_are_forgotten(kubeconfig):
    forgotten = []
    stranger = connect(kubeconfig.replace("token: ", "token: x"), on_unauthorized=lambda: forgotten.append(1))
    with pytest.raises(Unavailable, match="renew the kubeconfig"):
        stranger.list("Pod")
    assert forgotten == [1]
