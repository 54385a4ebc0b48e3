"""A tenant with nothing of their own yet, and what tests of the whole platform ask of one."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack
from shared.cluster.adapter import Kubernetes
from shared.cluster.connection import connect

PYTHON = "python:3.11-slim"
SERVE = "import time\nprint('ready', flush=True)\nwhile True: time.sleep(60)"

PATIENCE = 45.0
"""Seconds. Generous: a busy machine with two cores is to pass, and a pass does not wait for it."""


class Tenant:
    """One user, their token, and the verbs that the stories need."""

    def __init__(self, call: Any, name: str, eventually: Callable[..., Any]) -> None:
        self.user = call.sign_in(name)
        self._call = call
        self._eventually = eventually

    def __call__(self, method: str, path: str, **request: Any) -> Any:
        return self._call(method, path, as_=self.user, **request)

    def create(self, name: str = "hello", *, program: str = SERVE, **fields: Any) -> Any:
        """A Python function; `image` and `command` make it another one."""
        body = {"name": name, "image": PYTHON, "command": ["python", "-c", program], **fields}
        if "image" in fields and "command" not in fields:
            del body["command"]
        answer = self("POST", "/v1/functions", json=body)
        assert answer.status == 201, answer.text
        return answer.json

    def get(self, name: str = "hello") -> Any:
        return self("GET", f"/v1/functions/{name}").json

    def until(self, name: str = "hello", status: str = "Running", **expected: Any) -> Any:
        """The function, as soon as it shows this status and these fields."""
        wanted = {"status": status, **expected}

        def reached() -> Any:
            seen = self.get(name)
            assert {field: seen.get(field) for field in wanted} == wanted, seen
            return seen

        return self._eventually(reached, within=PATIENCE)

    def running(self, name: str = "hello", **fields: Any) -> Any:
        self.create(name, **fields)
        return self.until(name)

    def invoke(self, name: str = "hello", input: object = None, *, wait: int = 25, **headers: str) -> Any:
        """Waits for as long as is granted: the answer holds the result, or is 202.

        Headers are spelled as Python can: idempotency_key="…".
        """
        sent = {header.replace("_", "-"): value for header, value in headers.items()}
        if wait:
            sent["Prefer"] = f"wait={wait}"
        return self("POST", f"/v1/functions/{name}:invoke", json={"input": input}, headers=sent)

    def finished(self, name: str = "hello", input: object = None) -> Any:
        """An invocation once it is over, however long that takes."""
        answer = self.invoke(name, input)
        assert answer.status in {200, 202}, answer.text
        return self.outcome(answer.json["invocation_id"], name)

    def outcome(self, invocation_id: str, name: str = "hello", *, within: float = PATIENCE) -> Any:
        def over() -> Any:
            found = self("GET", f"/v1/functions/{name}/invocations/{invocation_id}").json
            return found if found["status"] in {"completed", "failed", "timeout", "cancelled"} else None

        return self._eventually(over, within=within)

    def logs(self, name: str = "hello", **query: Any) -> str:
        text: str = self("GET", f"/v1/functions/{name}/logs", params=query).text
        return text

    def leave(self) -> None:
        """Nothing of this tenant goes on using the machine."""
        for function in self("GET", "/v1/functions").json:
            self("DELETE", f"/v1/functions/{function['name']}")


@pytest.fixture
def tenant_of(calling: Any, eventually: Callable[..., Any]) -> Iterator[Callable[..., Tenant]]:
    """A new tenant of some stack."""
    came: list[Tenant] = []

    def come(stack: Stack, name: str = "alice") -> Tenant:
        came.append(Tenant(calling(stack), name, eventually))
        return came[-1]

    yield come
    for tenant in came:
        tenant.leave()


@pytest.fixture
def tenant(tenant_of: Callable[..., Tenant], stack: Stack) -> Tenant:
    return tenant_of(stack)


@pytest.fixture
def neighbour(tenant_of: Callable[..., Tenant], stack: Stack) -> Tenant:
    return tenant_of(stack, "bob")


@pytest.fixture(scope="session")
def kubernetes(stack: Stack) -> Kubernetes:
    """The cluster itself, as its administrator sees it."""
    return connect(stack.kubeconfig.read_text())


@pytest.fixture(scope="session")
def samples() -> Path:
    """The code of the API reference, to the letter; tests put a real address and token into it."""
    return Path(__file__).parent / "samples"


@pytest.fixture
def sample(samples: Path, stack: Stack, tenant: Tenant) -> Callable[[str], str]:
    def read(name: str) -> str:
        text = (samples / name).read_text()
        assert "http://localhost:30080" in text
        for placeholder in ("your_token", "your_jwt_token_here"):
            text = text.replace(placeholder, tenant.user.token)
        return text.replace("http://localhost:30080", stack.url)

    return read


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """The path of a program that this machine may not have; without it the test is skipped."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed here; it is in CI")
        return found

    return find


@pytest.fixture
def events(world: Any) -> Callable[[str], list[Any]]:
    """What the log says happened to somebody, in order: (type, data)."""

    def of(owner: str) -> list[Any]:
        rows = [row for row in world.rows("EVENTS_TABLE") if row["owner"]["S"] == owner]
        rows.sort(key=lambda row: row["id"]["S"])
        return [(row["type"]["S"], json.loads(row["data"]["S"])) for row in rows]

    return of
