import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.stack import Stack

ROOT = Path(__file__).parents[3]


class Running:
    """`python -m local` as `make run` starts it."""

    def __init__(self, project: Path, port: int) -> None:
        self.project = project
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.output = project / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local", "--port", str(port), "--project", str(project)],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()


@contextlib.contextmanager
def started(project: Path, eventually: Callable[..., object]) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    running = Running(project, port)
    try:
        eventually(lambda: "Ctrl-C stops everything" in running.text, within=30)
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def running(small_project: Path, eventually: Callable[..., object]) -> Iterator[Running]:
    with started(small_project, eventually) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(
    tmp_path_factory: pytest.TempPathFactory,
    make_small_project: Callable[[Path], Path],
    eventually: Callable[..., object],
) -> Iterator[Running]:
    """For tests that leave it running."""
    project = make_small_project(tmp_path_factory.mktemp("lasting"))
    with started(project, eventually) as made:
        yield made


def test_it_says_how_to_begin(lasting):
    for line in (
        f"EventFlow runs at {lasting.url}",
        f"curl -s -X POST {lasting.url}/auth/token",
        f".local/{lasting.port}/handlers.log",
        "kubeconfig names",
    ):
        assert line in lasting.text
    assert httpx.put(f"{lasting.url}/things/one").status_code == 200


def test_edits_take_effect_and_are_announced(lasting, eventually):
    handler = lasting.project / "handlers" / "thing.py"
    handler.write_text("def handler(event, context): return {'edited': True}")
    eventually(lambda: httpx.put(f"{lasting.url}/things/one").json() == {"edited": True})
    eventually(lambda: "thing.py changed: reloaded" in lasting.text)


def test_a_new_table_is_made_when_the_template_gets_one(lasting, eventually):
    template = lasting.project / "template.yaml"
    table = template.read_text().partition("  Things:\n")[2].partition("  Thing:\n")[0]
    template.write_text(template.read_text() + "  More:\n" + table.replace("-things", "-more"))
    eventually(lambda: "template.yaml changed: reloaded" in lasting.text)
    stack = Stack.attach(lasting.url, project=lasting.project)
    assert "More" in stack.template.resources


def test_a_taken_port_is_an_error_for_people(lasting, small_project):
    second = Running(small_project, lasting.port)
    assert second.process.wait(10) == 1
    assert f"choose another one: make run PORT={lasting.port + 1}" in second.text
    assert "Traceback" not in second.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(running, family, gone, number):
    httpx.put(f"{running.url}/things/one")
    started = family(running.process.pid)
    running.process.send_signal(number)
    assert running.process.wait(10) == 0
    gone(started)


def test_nothing_outlives_it_when_it_is_killed(running, family, gone):
    httpx.put(f"{running.url}/things/one")
    started = family(running.process.pid)
    assert len(started) >= 5
    running.process.kill()
    gone(started)


def test_when_a_part_dies_it_stops_and_says_which_and_why(running, family, gone):
    started = family(running.process.pid)
    database = next(pid for pid in started if "local.aws" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(database, signal.SIGKILL)
    assert running.process.wait(15) == 1
    assert "database ended with status -9" in running.text
    assert "aws.log" in running.text
    gone(started)
