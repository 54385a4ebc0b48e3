import os
import signal
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


@pytest.fixture
def running(small_project: Path, free_port: int, eventually: Callable[..., object]) -> Iterator[Running]:
    started = Running(small_project, free_port)
    eventually(lambda: "Ctrl-C stops everything" in started.text, within=30)
    yield started
    started.process.kill()
    started.process.wait()


def test_it_says_how_to_begin(running):
    port = running.url.rpartition(":")[2]
    for line in (
        f"EventFlow runs at {running.url}",
        f"curl -s -X POST {running.url}/auth/token",
        f".local/{port}/handlers.log",
        "kubeconfig names",
    ):
        assert line in running.text
    assert httpx.put(f"{running.url}/things/one").status_code == 200


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


def test_when_a_part_dies_it_stops_and_says_which_and_why(running, family, gone, small_project):
    started = family(running.process.pid)
    database = next(pid for pid in started if "local.aws" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(database, signal.SIGKILL)
    assert running.process.wait(15) == 1
    assert "database ended with status -9" in running.text
    assert "aws.log" in running.text
    gone(started)


def test_edits_take_effect_and_are_announced(running, small_project, eventually):
    handler = small_project / "handlers" / "thing.py"
    handler.write_text("def handler(event, context): return {'edited': True}")
    eventually(lambda: httpx.put(f"{running.url}/things/one").json() == {"edited": True})
    eventually(lambda: "thing.py changed: reloaded" in running.text)


def test_a_new_table_is_made_when_the_template_gets_one(running, small_project, eventually):
    template = small_project / "template.yaml"
    table = template.read_text().partition("  Things:\n")[2].partition("  Thing:\n")[0]
    template.write_text(template.read_text() + "  More:\n" + table.replace("-things", "-more"))
    eventually(lambda: "template.yaml changed: reloaded" in running.text)
    stack = Stack.attach(running.url, project=small_project)
    assert "More" in stack.template.resources


def test_a_taken_port_is_an_error_for_people(small_project, running, free_port):
    second = Running(small_project, free_port)
    assert second.process.wait(10) == 1
    assert "is taken; choose another one: make run PORT=" in second.text
    assert "Traceback" not in second.text
