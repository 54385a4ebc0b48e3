"""`python -m local.cluster`: how it starts, and that nothing outlives it."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def started(tmp_path, eventually):
    processes = []

    def start(*through):
        config = tmp_path / "state" / "kubeconfig"
        command = [sys.executable, "-m", "local.cluster", "--kubeconfig", str(config), "--runtime", "process"]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen([*through, *command], cwd=PROJECT, stdout=log, stderr=log)
        processes.append(process)
        eventually(config.exists)
        return process, config

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_the_kubeconfig_is_for_its_owner_only_and_names_one_cluster(started):
    _, config = started()
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    document = yaml.safe_load(config.read_text())
    context = {each["name"]: each["context"] for each in document["contexts"]}[document["current-context"]]
    cluster = {each["name"]: each["cluster"] for each in document["clusters"]}[context["cluster"]]
    assert cluster["server"].startswith("http://127.0.0.1:")
    assert len(document["users"][0]["user"]["token"]) >= 32


def test_it_ends_when_asked_and_takes_its_kubeconfig_along(started):
    process, config = started()
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert not config.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="finding orphans needs Linux")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_no_process_of_a_container_outlives_it(started, connected, eventually, alive, how):
    process, config = started()
    script = "sleep 300 & echo $BASHPID $!; setsid sleep 300 & echo $!; trap '' TERM; wait"
    with connected(config) as http:
        path = "/api/v1/namespaces/default/pods"
        container = {"name": "main", "image": "bash:5", "command": ["bash", "-c", script]}
        http.post(
            path, json={"metadata": {"name": "busy"}, "spec": {"containers": [container]}}
        ).raise_for_status()
        said = eventually(lambda: (text := http.get(f"{path}/busy/log").text).count("\n") == 2 and text)
    pids = [int(word) for word in said.split()]
    assert len(pids) == 3
    assert all(alive(pid) for pid in pids)
    os.kill(process.pid, how)
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_it_ends_with_the_process_that_started_it(started, eventually, alive):
    shell, config = started(
        sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    )
    children = Path(f"/proc/{shell.pid}/task/{shell.pid}/children")
    if not children.exists():
        pytest.skip("finding the child needs Linux")
    (emulator,) = map(int, children.read_text().split())
    shell.kill()
    eventually(lambda: not alive(emulator))
    assert not config.exists()
