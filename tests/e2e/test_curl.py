"""Every curl command of the API reference, run as it is written there."""

import json
import os
import signal
import subprocess
from contextlib import contextmanager

import pytest


@pytest.fixture
def curl(sample, tool, tenant, tmp_path):
    """Starts a command. That it shows what a terminal would, and the status, is said in .curlrc alone."""
    tool("curl")
    (tmp_path / ".curlrc").write_text('silent\nshow-error\nno-buffer\nwrite-out = "\\n%{http_code}"\n')

    @contextmanager
    def start(name):
        environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path), "TOKEN": tenant.user.token}
        with subprocess.Popen(
            ["bash", "-c", sample(f"curl/{name}.sh")],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    return start


@pytest.fixture
def run(curl):
    def finish(name):
        with curl(name) as process:
            output, errors = process.communicate(timeout=40)
        assert process.returncode == 0, errors
        body, _, status = output.rpartition("\n")
        return int(status), body

    return finish


@pytest.fixture
def web_server(run):
    return json.loads(run("create")[1])


def test_a_token(run):
    status, body = run("token")
    assert status == 200
    token = json.loads(body)
    assert token.pop("token").count(".") == 2
    assert token == {
        "user_id": "alice",
        "username": "Alice",
        "email": "alice@company.com",
        "namespace": "tenant-alice",
    }


def test_a_function_is_created(run, tenant):
    status, body = run("create")
    assert status == 201
    created = json.loads(body)
    assert created["id"]
    assert created["created_at"] == created["updated_at"]
    assert created["created_at"].endswith("Z")
    assert {
        "user_id": tenant.user.user_id,
        "name": "web-server",
        "namespace": tenant.user.namespace,
        "image": "nginx:alpine",
        "replicas": 2,
        "env": {"ENV": "production"},
        "status": "Pending",
    }.items() <= created.items()


def test_functions_are_listed(run, web_server, tenant):
    tenant.until("web-server")
    status, body = run("list")
    assert status == 200
    (listed,) = json.loads(body)
    assert listed["id"] == web_server["id"]
    assert (listed["status"], listed["available_replicas"]) == ("Running", 2)


def test_a_function_is_shown(run, web_server, tenant):
    tenant.until("web-server")
    status, body = run("get")
    assert status == 200
    shown = json.loads(body)
    same = ("id", "user_id", "name", "namespace", "image", "replicas", "command", "env", "created_at")
    assert [shown[field] for field in same] == [web_server[field] for field in same]
    assert (shown["status"], shown["available_replicas"]) == ("Running", 2)
    assert shown["updated_at"] > web_server["updated_at"]


def test_a_function_is_deleted(run, web_server):
    assert run("delete") == (204, "")
    status, body = run("get")
    assert status == 404
    assert json.loads(body) == {"error": "Not Found", "message": "function 'web-server' not found"}


def test_a_function_is_invoked(run, web_server):
    status, body = run("invoke")
    assert status == 200
    answer = json.loads(body)
    assert answer["message"] == "Function 'web-server' invoked successfully"
    name, verb, second = answer["job_name"].rsplit("-", 2)
    assert (name, verb) == ("web-server", "invoke")
    assert second.isdigit()


@pytest.mark.parametrize(("command", "most"), [("logs", 100), ("logs-tail", 50)])
def test_logs_are_read(run, tenant, eventually, command, most):
    count = "import time\nfor n in range(120): print('line', n, flush=True)\nwhile True: time.sleep(60)"
    tenant.running("web-server", program=count)
    eventually(lambda: "line 119" in tenant.logs("web-server"), within=20)
    status, body = run(command)
    assert status == 200
    assert body.splitlines() == [f"line {number}" for number in range(120 - most, 120)]


def test_logs_are_followed_until_the_function_is_gone(curl, tenant):
    slowly = (
        "import time, itertools\nfor n in itertools.count(): print('line', n, flush=True); time.sleep(0.2)"
    )
    tenant.running("web-server", program=slowly)
    with curl("logs-follow") as following:
        first = following.stdout.readline()
        assert first.startswith("line ")
        assert following.poll() is None
        tenant("DELETE", "/v1/functions/web-server")
        rest, _ = following.communicate(timeout=40)
    *lines, status = [first.strip(), *rest.splitlines()]
    assert status == "200"
    numbers = [int(line.removeprefix("line ")) for line in lines if line]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
