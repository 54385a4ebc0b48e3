"""Images that cannot run here: simulated when they would run for long, refused when a result is wanted."""

import pytest


@pytest.fixture
def deployed(cluster, eventually):
    def deploy(*args, **container):
        name = cluster.deploy(*args, **container)
        return eventually(
            lambda: [pod for pod in cluster.pods(name) if pod.get("status", {}).get("containerStatuses")]
        )[0]

    return deploy


def test_a_long_running_image_runs_in_name_only_and_says_so(cluster, deployed, note):
    pod = deployed("nginx:alpine")
    assert pod["status"]["phase"] == "Running"
    assert pod["status"]["containerStatuses"][0]["ready"] is True
    why = note(pod, "simulated")
    assert "nginx:alpine" in why
    assert "no process runs" in why
    assert "KUBECONFIG" in why
    assert cluster.log(pod["metadata"]["name"]) == f"simulated: {why}\n"


def test_a_command_that_only_the_image_has_is_simulated_too(deployed, note):
    assert note(deployed("ghcr.io/acme/api:1.2", "/app/server", "--port", "80"), "simulated")


def test_a_simulated_pod_ends_at_once(cluster, deployed, eventually):
    pod = deployed("nginx:alpine")
    cluster.http.delete(cluster.path("pods", pod["metadata"]["name"]))
    eventually(lambda: cluster.http.get(cluster.path("pods", pod["metadata"]["name"])).status_code == 404)


def test_a_single_run_of_such_an_image_fails_and_invents_nothing(cluster, waits, note):
    pod = cluster.run("nginx:alpine", "nginx", "-v")
    assert waits(pod)["reason"] == "ImagePullBackOff"
    assert "nginx:alpine" in waits(pod)["message"]
    assert "Install Docker or Podman, or point KUBECONFIG at a real cluster" in waits(pod)["message"]
    assert pod["status"]["phase"] == "Pending"
    assert note(pod, "simulated") == ""


@pytest.mark.parametrize("image", ["registry.invalid/app:1", "nginx:does-not-exist"])
def test_images_that_exist_nowhere_fail_for_deployments_too(cluster, eventually, waits, image):
    name = cluster.deploy(image)

    def waiting():
        return [
            pod
            for pod in cluster.pods(name)
            if pod.get("status", {}).get("containerStatuses") and waits(pod)["reason"] == "ImagePullBackOff"
        ]

    (pod,) = eventually(waiting)
    assert image in waits(pod)["message"]


def test_a_name_that_is_none_is_told_from_an_image_that_is_missing(cluster, waits):
    pod = cluster.run("Not A Name")
    assert waits(pod)["reason"] == "InvalidImageName"


@pytest.mark.timeout(180)  # it takes seconds, but machines may be busy
def test_a_thousand_simulated_deployments_become_available(cluster, eventually):
    template = {
        "metadata": {"labels": {"app": "many"}},
        "spec": {"containers": [{"name": "main", "image": "nginx"}]},
    }
    spec = {"selector": {"matchLabels": {"app": "many"}}, "template": template}
    for number in range(1000):
        cluster.create("deployments", {"metadata": {"name": f"many-{number}"}, "spec": spec})

    def available():
        items = cluster.http.get(cluster.path("deployments")).json()["items"]
        return sum(item.get("status", {}).get("availableReplicas", 0) for item in items) == 1000

    eventually(available, 90)
    kinds = [cluster.http.get(cluster.path(plural)).json()["items"] for plural in ("pods", "deployments")]
    assert [len(items) for items in kinds] == [1000, 1000]
