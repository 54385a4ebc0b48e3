"""What a namespace forbids: more than its quota, more than its limits, pods that are not safe."""

import pytest

SMALL = {"requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}
SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def quota(**hard):
    named = {name.replace("__", ".").replace("_", "/"): value for name, value in hard.items()}
    return {"kind": "ResourceQuota", "metadata": {"name": "share"}, "spec": {"hard": named}}


@pytest.fixture
def with_quota(space):
    def make(**hard):
        space.create(quota(**hard))
        space.until(lambda: (space.get("ResourceQuota", "share").get("status") or {}).get("used"))

    return make


def used(space):
    return space.get("ResourceQuota", "share")["status"]["used"]


def test_a_quota_counts_objects(space, manifests, with_quota, refused):
    with_quota(count_configmaps="3")
    before = int(used(space)["count/configmaps"])
    for number in range(before, 3):
        space.create(manifests.config_map(f"map-{number}"))
    space.until(lambda: used(space) == {"count/configmaps": "3"})
    with refused(
        403, "Forbidden", "exceeded quota: share, requested: count/configmaps=1, used: count/configmaps=3"
    ):
        space.create(manifests.config_map("one-more"))


def test_a_quota_counts_what_pods_ask_for(space, manifests, with_quota, refused):
    with_quota(pods="5", requests__memory="80Mi")
    for name in ("first", "second"):
        space.create(manifests.pod(name, "sleep", "600", resources=SMALL))
    with refused(
        403,
        "Forbidden",
        "exceeded quota: share, requested: requests.memory=32Mi",
        "limited: requests.memory=80Mi",
    ):
        space.create(manifests.pod("third", "sleep", "600", resources=SMALL))
    space.until(lambda: used(space) == {"pods": "2", "requests.memory": "64Mi"})


def test_a_pod_must_say_what_its_quota_counts(space, manifests, with_quota, refused):
    with_quota(limits__cpu="1", limits__memory="1Gi")
    with refused(
        403, "Forbidden", "failed quota: share: must specify limits.cpu for: main; limits.memory for: main"
    ):
        space.create(manifests.pod("silent", "true"))


def test_a_finished_pod_gives_its_share_back(space, manifests, with_quota):
    with_quota(pods="1")
    space.create(manifests.pod("short", "true"))
    space.until(lambda: space.get("Pod", "short")["status"]["phase"] == "Succeeded")
    space.until(lambda: used(space) == {"pods": "0"})
    space.create(manifests.pod("next", "true"))


def test_a_deployment_says_that_its_pods_were_refused(space, manifests, with_quota):
    with_quota(pods="1")
    space.create(manifests.deployment("web", replicas=2))
    failure = space.until(lambda: manifests.conditions(space.get("Deployment", "web")).get("ReplicaFailure"))
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    assert "exceeded quota: share" in failure["message"]
    space.patch("ResourceQuota", "share", {"spec": {"hard": {"pods": "5"}}})
    space.until(lambda: space.get("Deployment", "web")["status"].get("readyReplicas") == 2)
    space.until(lambda: "ReplicaFailure" not in manifests.conditions(space.get("Deployment", "web")))


def test_a_limit_range_fills_in_and_forbids(space, manifests, refused):
    limits = {"type": "Container", "default": {"memory": "64Mi"}, "max": {"memory": "128Mi"}}
    space.create({"kind": "LimitRange", "metadata": {"name": "sizes"}, "spec": {"limits": [limits]}})
    made = space.create(manifests.pod("plain", "true"))
    resources = made["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"memory": "64Mi"}, "requests": {"memory": "64Mi"}}
    with refused(403, "Forbidden", "maximum memory usage per Container is 128Mi, but limit is 256Mi"):
        space.create(manifests.pod("huge", "true", resources={"limits": {"memory": "256Mi"}}))


def test_a_restricted_namespace_takes_only_safe_pods(space, manifests, refused):
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    space.kind("Namespace").patch(
        body=label, name=space.namespace, content_type="application/merge-patch+json"
    )
    with refused(
        403,
        "Forbidden",
        'violates PodSecurity "restricted:latest"',
        'allowPrivilegeEscalation != false (container "main" must set',
        'unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"])',
        "runAsNonRoot != true",
        "seccompProfile",
    ):
        space.create(manifests.pod("careless", "true"))
    space.create(manifests.pod("careful", "true", securityContext=SAFE))


def test_a_pod_needs_its_service_account(space, manifests, refused):
    manifest = manifests.pod("lost", "true")
    manifest["spec"]["serviceAccountName"] = "nobody-here"
    with refused(403, "Forbidden", 'serviceaccount "nobody-here" not found'):
        space.create(manifest)
