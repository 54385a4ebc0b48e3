"""What clients ask before they begin."""

import pytest
import urllib3


def test_it_says_which_version_it_is(client):
    assert client.version["kubernetes"]["gitVersion"].startswith("v1.")


@pytest.mark.parametrize(
    ("path", "resource", "namespaced", "subresources"),
    [
        ("/api/v1", "pods", True, {"log", "status"}),
        ("/api/v1", "namespaces", False, {"status", "finalize"}),
        ("/api/v1", "configmaps", True, set()),
        ("/api/v1", "resourcequotas", True, {"status"}),
        ("/apis/apps/v1", "deployments", True, {"scale", "status"}),
        ("/apis/apps/v1", "replicasets", True, {"scale", "status"}),
        ("/apis/batch/v1", "jobs", True, {"status"}),
        ("/apis/networking.k8s.io/v1", "networkpolicies", True, set()),
        ("/apis/networking.k8s.io/v1", "ingresses", True, {"status"}),
        ("/apis/coordination.k8s.io/v1", "leases", True, set()),
        ("/apis/events.k8s.io/v1", "events", True, set()),
    ],
)
def test_what_it_serves(client, path, resource, namespaced, subresources):
    answer = client.request("get", path).to_dict()
    named = {each["name"]: each for each in answer["resources"]}
    assert named[resource]["namespaced"] is namespaced
    verbs = set() if resource == "events" else {"create", "delete", "patch", "update"}
    assert verbs | {"get", "list", "watch"} <= set(named[resource]["verbs"])
    below = {name.partition("/")[2] for name in named if name.startswith(resource + "/")}
    assert subresources <= below


def test_events_tell_what_happened_in_both_of_their_forms(space, manifests):
    space.create(manifests.job("work", "true"))
    told = space.until(lambda: space.list("Event", field_selector="involvedObject.kind=Job"))
    path = f"/apis/events.k8s.io/v1/namespaces/{space.namespace}/events/{told[0]['metadata']['name']}"
    newer = space.client.request("get", path).to_dict()
    assert newer["apiVersion"] == "events.k8s.io/v1"
    assert newer["regarding"]["name"] == "work"
    assert newer["note"] == told[0]["message"]


def test_groups_name_their_preferred_version(client):
    groups = {each["name"]: each for each in client.request("get", "/apis").to_dict()["groups"]}
    assert groups["apps"]["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_it_is_healthy(client, path):
    assert client.request("get", path, serialize=False).data == b"ok"


def test_an_unknown_path_is_not_found(client, refused):
    with refused(404, "NotFound", "the server could not find the requested resource"):
        client.request("get", "/apis/apps/v1/unknowns")


def test_a_patch_needs_a_known_content_type(space, manifests, refused):
    space.create(manifests.config_map())
    with refused(415, "UnsupportedMediaType"):
        space.client.request(
            "patch", space.path("ConfigMap", "settings"), body={}, content_type="application/json"
        )


def test_without_the_right_token_nothing_is_told(client):
    configuration = client.configuration
    if not configuration.host.startswith("http://"):
        pytest.skip("a real cluster may let anonymous callers read its version")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}):
        answer = urllib3.request("GET", f"{configuration.host}/api/v1/namespaces", headers=headers)
        assert answer.status == 401
        assert answer.json()["kind"] == "Status"
        assert answer.json()["reason"] == "Unauthorized"
