"""A cluster for each test: the emulator, and the one that KUBECONFIG names.

What these tests state is what EventFlow relies on. They hold for both or the emulator is wrong.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubernetes import config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError

from local.cluster import running_cluster

Manifest = dict[str, Any]

_API = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Lease": "coordination.k8s.io/v1",
}
_PATIENCE = 180.0  # a real cluster pulls images


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "KUBECONFIG" in item.name:
            item.add_marker(pytest.mark.timeout(2 * _PATIENCE))


@dataclass(frozen=True)
class Space:
    """A namespace of its own, and short words for what tests do in it."""

    client: DynamicClient
    namespace: str

    def kind(self, name: str) -> Any:
        return self.client.resources.get(api_version=_API.get(name, "v1"), kind=name)

    def create(self, manifest: Manifest, **options: Any) -> Manifest:
        made = self.kind(manifest["kind"]).create(
            body=_versioned(manifest), namespace=self.namespace, **options
        )
        return made.to_dict()

    def apply(self, manifest: Manifest, manager: str = "eventflow", *, force: bool | None = None) -> Manifest:
        resource = self.kind(manifest["kind"])
        applied = resource.server_side_apply(
            body=_versioned(manifest), namespace=self.namespace, field_manager=manager, force_conflicts=force
        )
        return applied.to_dict()

    def get(self, kind: str, name: str) -> Manifest:
        return self.kind(kind).get(name=name, namespace=self.namespace).to_dict()

    def find(self, kind: str, name: str) -> Manifest | None:
        try:
            return self.get(kind, name)
        except NotFoundError:
            return None

    def list(self, kind: str, **query: Any) -> list[Manifest]:
        return self.page(kind, **query)["items"]

    def page(self, kind: str, **query: Any) -> Manifest:
        return self.kind(kind).get(namespace=self.namespace, **query).to_dict()

    def replace(self, manifest: Manifest) -> Manifest:
        return self.kind(manifest["kind"]).replace(body=manifest, namespace=self.namespace).to_dict()

    def patch(self, kind: str, name: str, patch: Any, how: str = "merge-patch", **options: Any) -> Manifest:
        patched = self.kind(kind).patch(
            body=patch,
            name=name,
            namespace=self.namespace,
            content_type=f"application/{how}+json",
            **options,
        )
        return patched.to_dict()

    def delete(self, kind: str, name: str, **options: Any) -> Manifest:
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        return self.kind(kind).delete(name=name, namespace=self.namespace, body=body).to_dict()

    def path(self, kind: str, name: str = "") -> str:
        return self.kind(kind).path(name=name or None, namespace=self.namespace)

    def log(self, pod: str, **query: Any) -> str:
        return self.stream(f"{self.path('Pod', pod)}/log", **query).data.decode()

    def stream(self, path: str, **query: Any) -> Any:
        """The raw response of a GET, to be read as it comes."""
        return self.client.request("get", path, query_params=list(query.items()), serialize=False)

    def watch(self, kind: str, **query: Any) -> Iterator[Manifest]:
        """The events of a watch until the server ends it."""
        response = self.stream(self.path(kind), watch="true", **{"timeoutSeconds": 30, **query})
        rest = b""
        try:
            for chunk in response.stream(amt=None, decode_content=False):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (json.loads(line) for line in lines)
        finally:
            response.close()

    def until(self, what: Callable[[], Any], patience: float = _PATIENCE) -> Any:
        """Ask again until the answer is true; what it was at last is in the failure."""
        deadline = time.monotonic() + patience
        while not (answer := what()):
            assert time.monotonic() < deadline, f"still {answer!r}"
            time.sleep(0.02)
        return answer


def _versioned(manifest: Manifest) -> Manifest:
    return {"apiVersion": _API.get(manifest["kind"], "v1"), **manifest}


@pytest.fixture(
    scope="session", params=["emulator", pytest.param("KUBECONFIG", marks=pytest.mark.cluster)], ids=str
)
def kubeconfig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if request.param == "emulator":
        with running_cluster(tmp_path_factory.mktemp("cluster")) as path:
            yield path
    elif given := os.environ.get("KUBECONFIG"):
        yield Path(given)
    else:
        pytest.skip("KUBECONFIG names no cluster")


@pytest.fixture(scope="session")
def client(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamicClient]:
    api = config.new_client_from_config(str(kubeconfig))
    yield DynamicClient(api, cache_file=str(tmp_path_factory.mktemp("discovery") / "cache.json"))
    api.rest_client.pool_manager.clear()


@pytest.fixture
def space(client: DynamicClient) -> Iterator[Space]:
    name = f"conformance-{secrets.token_hex(4)}"
    namespaces = client.resources.get(api_version="v1", kind="Namespace")
    namespaces.create(body={"metadata": {"name": name}})
    yield Space(client, name)
    with contextlib.suppress(NotFoundError):
        namespaces.delete(name=name)


@pytest.fixture
def refused() -> Callable[..., Any]:
    return _refused


@contextlib.contextmanager
def _refused(code: int, reason: str, *words: str) -> Iterator[Manifest]:
    """The block is refused by a Status with this code, this reason and these words; gives the Status."""
    status: Manifest = {}
    with pytest.raises(DynamicApiError) as caught:
        yield status
    status |= json.loads(caught.value.body)
    assert (status["kind"], status["code"], status["reason"]) == ("Status", code, reason), status
    for word in words:
        assert word in status["message"]


@pytest.fixture
def manifests() -> type["Manifests"]:
    return Manifests


class Manifests:
    """Objects that tests begin from."""

    @staticmethod
    def config_map(name: str = "settings", labels: dict[str, str] | None = None, **data: str) -> Manifest:
        return {"kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}, "data": data}

    @staticmethod
    def pod_spec(*command: str, image: str = "busybox:1.36", **container: Any) -> Manifest:
        said = {"command": list(command)} if command else {}
        return {"containers": [{"name": "main", "image": image, **said, **container}]}

    @classmethod
    def pod(cls, name: str, *command: str, **container: Any) -> Manifest:
        spec = cls.pod_spec(*command, **container) | {"restartPolicy": "Never"}
        return {"kind": "Pod", "metadata": {"name": name}, "spec": spec}

    @classmethod
    def job(cls, name: str, *command: str, spec: Manifest | None = None, **container: Any) -> Manifest:
        pod = cls.pod_spec(*command, **container) | {"restartPolicy": "Never"}
        job = {"backoffLimit": 0, "template": {"spec": pod}, **(spec or {})}
        return {"kind": "Job", "metadata": {"name": name}, "spec": job}

    @classmethod
    def deployment(
        cls, name: str, *command: str, replicas: int = 1, spec: Manifest | None = None, **container: Any
    ) -> Manifest:
        pod = cls.pod_spec(*(command or ("sleep", "3600")), **container)
        pod["terminationGracePeriodSeconds"] = 0
        template = {"metadata": {"labels": {"app": name}}, "spec": pod}
        whole = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
        return {"kind": "Deployment", "metadata": {"name": name}, "spec": {**whole, **(spec or {})}}

    @staticmethod
    def conditions(item: Manifest) -> dict[str, Manifest]:
        found = (item.get("status") or {}).get("conditions") or []
        return {each["type"]: each for each in found}
