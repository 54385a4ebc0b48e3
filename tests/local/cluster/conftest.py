"""One emulator for the tests of this room, and short words for what they do with it."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from local.cluster import running_cluster

Manifest = dict[str, Any]

_GROUPS = {"deployments": "/apis/apps/v1", "jobs": "/apis/batch/v1"}
_PATIENCE = 20.0


def until(what: Callable[[], Any], patience: float = _PATIENCE) -> Any:
    deadline = time.monotonic() + patience
    while not (answer := what()):
        assert time.monotonic() < deadline, f"still {answer!r}"
        time.sleep(0.01)
    return answer


@dataclass(frozen=True)
class Cluster:
    http: httpx.Client
    namespace: str
    data: Path

    def path(self, plural: str, name: str = "") -> str:
        group = _GROUPS.get(plural, "/api/v1")
        return f"{group}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def create(self, plural: str, manifest: Manifest) -> Manifest:
        answer = self.http.post(self.path(plural), json=manifest)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, plural: str, name: str) -> Manifest:
        return self.http.get(self.path(plural, name)).raise_for_status().json()

    def pods(self, app: str) -> list[Manifest]:
        query = {"labelSelector": f"app={app}"}
        return self.http.get(self.path("pods"), params=query).raise_for_status().json()["items"]

    def log(self, pod: str) -> str:
        return self.http.get(self.path("pods", pod) + "/log").raise_for_status().text

    def run(self, image: str, *command: str, spec: Manifest | None = None, **container: Any) -> Manifest:
        """A pod of its own with this container, when it has ended or waits for good."""
        name = f"run-{secrets.token_hex(4)}"
        said = {"command": list(command)} if command else {}
        main = {"name": "main", "image": image, **said, **container}
        pod = {
            "containers": [main],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            **(spec or {}),
        }
        self.create("pods", {"metadata": {"name": name}, "spec": pod})
        return until(lambda: self._settled(name))

    def deploy(self, image: str, *command: str, **container: Any) -> str:
        name = f"app-{secrets.token_hex(4)}"
        said = {"command": list(command)} if command else {}
        template = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": image, **said, **container}]},
        }
        spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
        self.create("deployments", {"metadata": {"name": name}, "spec": spec})
        return name

    def _settled(self, name: str) -> Manifest | None:
        pod = self.get("pods", name)
        if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return pod
        states = [each["state"] for each in pod.get("status", {}).get("containerStatuses", [])]
        final = ("ImagePullBackOff", "InvalidImageName")
        return pod if any(state.get("waiting", {}).get("reason") in final for state in states) else None


def connect(kubeconfig: Path) -> httpx.Client:
    document = yaml.safe_load(kubeconfig.read_text())
    token = document["users"][0]["user"]["token"]
    server = document["clusters"][0]["cluster"]["server"]
    return httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=30)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with running_cluster(tmp_path_factory.mktemp("emulator")) as kubeconfig:
        yield kubeconfig


@pytest.fixture
def cluster(emulator: Path) -> Iterator[Cluster]:
    with connect(emulator) as http:
        name = f"test-{secrets.token_hex(4)}"
        http.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
        yield Cluster(http, name, emulator.parent)
        http.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return until


@pytest.fixture
def connected() -> Callable[[Path], httpx.Client]:
    return connect


@pytest.fixture
def ended() -> Callable[[Manifest], Manifest]:
    """How the main container of a pod has ended."""
    return lambda pod: pod["status"]["containerStatuses"][0]["state"]["terminated"]


@pytest.fixture
def waits() -> Callable[[Manifest], Manifest]:
    return lambda pod: pod["status"]["containerStatuses"][0]["state"]["waiting"]


@pytest.fixture
def note() -> Callable[[Manifest, str], str]:
    return lambda pod, name: pod["metadata"].get("annotations", {}).get(f"emulator.eventflow.dev/{name}", "")


@pytest.fixture
def usage(note: Callable[[Manifest, str], str]) -> Callable[[Manifest], Manifest]:
    return lambda pod: json.loads(note(pod, "usage"))["main"]


@pytest.fixture
def alive() -> Callable[[int], bool]:
    def check(pid: int) -> bool:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(pid, 0)
            return "zombie" not in Path(f"/proc/{pid}/status").read_text()
        return False

    return check
