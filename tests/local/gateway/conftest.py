import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]

HEADER = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.11
    Timeout: {timeout}
    MemorySize: 256
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://console.example"]
        AllowMethods: [GET, POST]
        AllowHeaders: [authorization]
        ExposeHeaders: [x-total-count]
        AllowCredentials: true
        MaxAge: 600
"""
FUNCTION = """\
  {id}:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.{module}.handler
      Events:
"""
EVENT = """\
        {id}:
          Type: HttpApi
          Properties: {{ ApiId: !Ref Api, Method: {method}, Path: "{path}" }}
"""
CATCH_ALL = """\
        {id}:
          Type: HttpApi
          Properties: {{ ApiId: !Ref Api }}
"""


class Project:
    """A throw-away project: handlers and a template, served by a real gateway process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.timeout = 5
        self._functions: dict[str, list[str]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "handlers").mkdir()

    def handler(self, name: str, source: str, *routes: str) -> None:
        (self.folder / "handlers" / f"{name}.py").write_text(textwrap.dedent(source))
        self._functions[name] = list(routes)

    def write_template(self) -> None:
        text = HEADER.format(timeout=self.timeout)
        for name, routes in self._functions.items():
            text += FUNCTION.format(id=name.title(), module=name)
            for number, route in enumerate(routes):
                method, _, path = route.partition(" ")
                event = CATCH_ALL if route == "$default" else EVENT
                text += event.format(id=f"E{number}", method=method, path=path)
        (self.folder / "template.yaml").write_text(text)

    def start(self, *options: str) -> httpx.Client:
        self.write_template()
        listener = socket.create_server(("127.0.0.1", 0))
        self._lifeline, theirs = socket.socketpair()
        command = [sys.executable, "-m", "local.gateway", "--project", str(self.folder), *options]
        command += [
            "--listen",
            str(listener.fileno()),
            "--lifeline",
            str(theirs.fileno()),
            "--state",
            str(self.state),
        ]
        with listener, (self.folder / "gateway.log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                pass_fds=[listener.fileno(), theirs.fileno()],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            port = listener.getsockname()[1]
        theirs.close()
        return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def output(self) -> str:
        return (self.folder / "gateway.log").read_text()

    @property
    def access(self) -> list[dict[str, Any]]:
        """A line is written after its answer is sent: ask with `eventually`."""
        return [json.loads(line) for line in (self.state / "access.log").read_text().splitlines()]

    def access_of(self, answer: httpx.Response) -> dict[str, Any] | None:
        request = answer.headers["apigw-requestid"]
        return next((entry for entry in self.access if entry["request"] == request), None)

    def stop(self) -> None:
        if self._process is None:
            return
        self._lifeline.close()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
        self._process = None


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Project]]:
    made: list[Project] = []

    def make(name: str) -> Project:
        made.append(Project(tmp_path_factory.mktemp(name)))
        return made[-1]

    yield make
    for project in made:
        project.stop()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    made.stop()


ECHO = """
    import json

    def handler(event, context):
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"""


@pytest.fixture(scope="module")
def echo(make_project: Callable[[str], Project]) -> Iterator[httpx.Client]:
    """A gateway whose functions answer with the event that they got."""
    made = make_project("echo")
    routes = ["GET /v1/items", "POST /v1/items", "POST /v1/items/{name}", "GET /v1/items/{name}/parts/{part}"]
    made.handler("echo", ECHO, *routes)
    made.handler("rest", ECHO, "$default")
    with made.start() as client:
        yield client
