"""A cluster for the adapter: the embedded one in a process of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.cluster.adapter import Kubernetes
from shared.cluster.connection import connect
from shared.cluster.port import Ref


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    command = [sys.executable, "-m", "local.cluster", "--port", "0", "--kubeconfig", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:  # it says where it listens once the file is there
                if str(path) in line:
                    break
            yield path.read_text()
        finally:
            process.terminate()
            process.communicate(timeout=10)


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
