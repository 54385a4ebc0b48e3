"""A cluster for the adapter: the embedded one in a process of its own."""

from collections.abc import Callable, Iterator

import pytest

from shared.cluster.adapter import Kubernetes
from shared.cluster.connection import connect
from shared.cluster.port import Ref
from tests.cluster_port.emulator import emulated


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulated(tmp_path_factory.mktemp("cluster")) as document:
        yield document


@pytest.fixture(scope="session")
def cluster(kubeconfig: str) -> Kubernetes:
    return connect(kubeconfig)


@pytest.fixture
def namespace(cluster: Kubernetes, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"port-{abs(hash(request.node.nodeid)) % 10**8}"
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    cluster.delete(Ref("Namespace", name))


@pytest.fixture
def config_map(namespace: str) -> Callable[..., dict[str, object]]:
    def make(name: str = "one", *, labels: dict[str, str] | None = None, **data: str) -> dict[str, object]:
        metadata = {"name": name, "namespace": namespace, "labels": labels or {"app": "test"}}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    return make
