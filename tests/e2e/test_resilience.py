"""Parts of the platform die or hang. What was accepted is done once they are back; nothing is half done."""

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.stack import Stack

SERVE_OR_ANSWER = """\
import os, time
while "EVENTFLOW_JOB_NAME" not in os.environ: time.sleep(60)
print(os.environ["EVENTFLOW_INPUT"])
"""


PATIENCE = 120.0


@pytest.fixture
def fragile(monkeypatch):
    """A stack that may be broken."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with Stack.start(containers="process") as stack:
        yield stack


@pytest.fixture
def process_of(fragile):
    """The process of a part of the stack."""
    marks = {
        "aws": f"--port={urlsplit(fragile.aws_endpoint).port}",
        "cluster": f"--kubeconfig={fragile.kubeconfig}",
        "gateway": f"--state={fragile.state}",
    }

    def find(part):
        for entry in Path("/proc").glob("[0-9]*"):
            words = _command(entry)
            if f"local.{part}" in words and marks[part] in words:
                return int(entry.name)
        raise LookupError(part)

    return find


@pytest.fixture
def frozen(process_of):
    """A part that neither answers nor refuses, for as long as the block lasts."""

    @contextmanager
    def freeze(part):
        pid = process_of(part)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return freeze


@pytest.mark.timeout(240)
def test_work_goes_on_after_every_handler_was_killed(fragile, process_of, tenant_of, eventually):
    tenant = tenant_of(fragile)
    names = [f"f{number}" for number in range(5)]
    for name in names:
        tenant.create(name, program=SERVE_OR_ANSWER)
    accepted = [tenant.invoke(name, name, wait=0).json["invocation_id"] for name in names]
    killed = _leaves(process_of("gateway"))
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    # The one that watches was among them. The schedule starts the next at its next minute.
    for name, invocation in zip(names, accepted, strict=True):
        eventually(lambda name=name: tenant.get(name)["status"] == "Running", within=PATIENCE)
        outcome = tenant.outcome(invocation, name, within=PATIENCE)
        assert (outcome["status"], outcome["result"]) == ("completed", name)


@pytest.mark.timeout(120)
def test_a_cluster_that_hangs_is_named_and_waited_for(fragile, frozen, tenant_of, eventually):
    tenant = tenant_of(fragile)
    with frozen("cluster"):
        unready = tenant("GET", "/readyz")
        assert (unready.status, unready.json["error"]) == (503, "Service Unavailable")
        assert "cluster" in unready.json["message"]
        assert "database" not in unready.json["message"]
        created = tenant.create(program=SERVE_OR_ANSWER)
        assert created["status"] == "Pending"
        invoked = tenant.invoke(input=1, wait=0)
        assert invoked.status == 200
        assert tenant.get()["status"] == "Pending"
    eventually(lambda: tenant.get()["status"] == "Running", within=60)
    eventually(lambda: tenant("GET", "/readyz").json["status"] == "ready", within=20)
    assert tenant.outcome(invoked.json["invocation_id"])["result"] == 1


def test_without_the_database_it_says_so(fragile, process_of, calling):
    call = calling(fragile)
    alice = call.sign_in("alice")
    wanted = {"name": "hello", "image": "nginx:alpine"}
    os.kill(process_of("aws"), signal.SIGKILL)
    for method, path, body in (
        ("POST", "/v1/functions", wanted),
        ("GET", "/v1/functions", None),
        ("DELETE", "/v1/functions/hello", None),
    ):
        answer = call(method, path, as_=alice, json=body)
        assert (answer.status, answer.json["error"]) == (503, "Service Unavailable")
    assert call("GET", "/healthz").json == {"status": "healthy"}
    unready = call("GET", "/readyz")
    assert unready.status == 503
    assert "database" in unready.json["message"]


def _command(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _leaves(pid: int) -> list[int]:
    """The processes below it that have none below them: the handlers at work."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [leaf for child in children for leaf in _leaves(child)] or [pid]
