"""People with access to the cluster change things there. What a tenant asked for comes back."""

import httpx
import pytest
import yaml

from shared.cluster.port import Ref


@pytest.fixture
def by_hand(stack):
    """The cluster's API as somebody with kubectl uses it."""
    if not stack.emulated_cluster:
        pytest.skip("only the emulator's kubeconfig is a URL and a token")
    config = yaml.safe_load(stack.kubeconfig.read_text())
    with httpx.Client(
        base_url=config["clusters"][0]["cluster"]["server"],
        headers={"Authorization": f"Bearer {config['users'][0]['user']['token']}"},
    ) as client:
        yield client


@pytest.fixture
def deployment(tenant):
    return Ref("Deployment", "fn-hello", tenant.user.namespace)


def test_a_deployment_that_was_deleted_comes_back(tenant, kubernetes, deployment, eventually):
    tenant.running()
    before = kubernetes.get(deployment)["metadata"]["uid"]
    kubernetes.delete(deployment)

    def another():
        found = kubernetes.get(deployment)
        return found is not None and found["metadata"]["uid"] != before

    eventually(another, within=45)
    tenant.until(available_replicas=1)


def test_a_deployment_that_was_edited_is_as_wanted_again(tenant, kubernetes, deployment, by_hand, eventually):
    tenant.running(replicas=2)
    path = f"/apis/apps/v1/namespaces/{deployment.namespace}/deployments/fn-hello"
    edited = by_hand.patch(
        path, content=b'{"spec": {"replicas": 5}}', headers={"Content-Type": "application/merge-patch+json"}
    )
    assert (edited.status_code, edited.json()["spec"]["replicas"]) == (200, 5)
    eventually(lambda: kubernetes.get(deployment)["spec"]["replicas"] == 2, within=45)
    tenant.until(available_replicas=2)


def test_a_service_that_was_deleted_comes_back(tenant, kubernetes, eventually):
    tenant.running()
    service = Ref("Service", "fn-hello", tenant.user.namespace)
    kubernetes.delete(service)
    eventually(lambda: kubernetes.get(service) is not None, within=45)


def test_a_pod_that_was_deleted_is_replaced(tenant, by_hand, eventually):
    tenant.running()
    pods = f"/api/v1/namespaces/{tenant.user.namespace}/pods"

    def names():
        return [pod["metadata"]["name"] for pod in by_hand.get(pods).json()["items"]]

    (before,) = names()
    by_hand.delete(f"{pods}/{before}")
    eventually(lambda: before not in names(), within=45)
    tenant.until(available_replicas=1)
