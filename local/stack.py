"""The whole platform on this machine: AWS, a cluster, the gateway.

`with Stack.start() as stack:` is how tests, demo, benchmarks and `make run` have one. Each part is a process
of its own, bound to 127.0.0.1; none outlives the process that started the stack.
"""

import contextlib
import errno
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from local.environment import aws_environment, read_template
from local.processes import Child
from local.template import Template

PROJECT = Path(__file__).parents[1]
_READY_WITHIN = 30.0
_END_WITHIN = 5.0
_DESCRIPTION = "stack.json"
_OWNER = "owner"  # marks the state of a stack at a free port with the process that owns it

Say = Callable[[str], None]


class StackError(Exception):
    """The stack cannot be started or found; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    url: str
    aws_endpoint: str
    kubeconfig: Path
    emulated_cluster: bool
    state: Path
    project: Path
    _children: Sequence[Child] = field(default=(), repr=False)

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        port: int = 0,
        *,
        project: Path = PROJECT,
        reload: bool = False,
        containers: str = "auto",
        say: Say | None = None,
    ) -> Iterator[Self]:
        """Start everything and wait until it answers. `say` hears of progress; `reload` follows edits.

        `containers` is the emulated cluster's way to run them: auto, process, docker or podman.
        """
        project = project.resolve()
        with _listen(port) as listener:
            actual = listener.getsockname()[1]
            stack = cls(
                url=f"http://127.0.0.1:{actual}",
                aws_endpoint=f"http://127.0.0.1:{_free_port()}",
                kubeconfig=_given_kubeconfig() or project / ".local" / str(actual) / "kubeconfig",
                emulated_cluster=_given_kubeconfig() is None,
                state=_fresh_state(project, actual, ephemeral=port == 0),
                project=project,
            )
            children: list[Child] = []
            try:
                stack._launch(children, listener, reload=reload, containers=containers, talks=say is not None)
                listener.close()  # the gateway has its own; with ours open, clients would wait for a dead one
                stack._until_ready(children, say or (lambda _: None))
                stack._describe()
                yield replace(stack, _children=tuple(children))
            finally:
                _end(children)
                (stack.state / _DESCRIPTION).unlink(missing_ok=True)

    @classmethod
    def attach(cls, url: str, *, project: Path = PROJECT) -> Self:
        """The stack that runs at `url`, started by another process from the same project."""
        path = project / ".local" / str(urlsplit(url).port) / _DESCRIPTION
        try:
            described = json.loads(path.read_text())
        except FileNotFoundError:
            described = None
        if described is None or not _alive(described["pid"]):
            raise StackError(f"no stack of {project} runs at {url}; start one with `make run`")
        return cls(
            url=described["url"],
            aws_endpoint=described["aws_endpoint"],
            kubeconfig=Path(described["kubeconfig"]),
            emulated_cluster=described["emulated_cluster"],
            state=path.parent,
            project=project,
        )

    @cached_property
    def template(self) -> Template:
        return read_template(self.project, self.aws_endpoint)

    @cached_property
    def environment(self) -> dict[str, str]:
        """For product code in another process: what its functions see."""
        environment = aws_environment(self.aws_endpoint)
        for function in self.template.functions.values():
            environment.update(function.environment)
        return environment

    def watch(self) -> None:
        """Return never; raise ChildEnded as soon as a part of the stack has ended."""
        while True:
            for child in self._children:
                child.check()
            time.sleep(0.1)

    def _launch(
        self,
        children: list[Child],
        listener: socket.socket,
        *,
        reload: bool,
        containers: str,
        talks: bool,
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= aws_environment(self.aws_endpoint)

        def child(name: str, module: str, *arguments: str, **options: Any) -> None:
            log = self.state / f"{module}.log"
            command = [f"local.{module}", *arguments]
            children.append(Child(name, command, log=log, environment=environment, **options))

        kubeconfig = f"--kubeconfig={self.kubeconfig}"
        child("database", "aws", f"--port={urlsplit(self.aws_endpoint).port}")
        if self.emulated_cluster:
            child("cluster", "cluster", f"--port={_free_port()}", f"--runtime={containers}", kubeconfig)
        options = [
            f"--project={self.project}",
            f"--state={self.state}",
            f"--aws-endpoint={self.aws_endpoint}",
        ]
        options += [kubeconfig, "--reload"] if reload else [kubeconfig]
        child("gateway", "gateway", *options, listener=listener, talks=talks)

    def _until_ready(self, children: Sequence[Child], say: Say) -> None:
        started = time.monotonic()
        ready: dict[str, Callable[[], bool]] = {
            "database": lambda: _answers(urlsplit(self.aws_endpoint).port),
            "cluster": self.kubeconfig.is_file,
            "gateway": children[-1].said_ready,
        }
        waiting = list(children)
        while waiting:
            for child in list(waiting):
                child.check()
                if ready[child.name]():
                    say(f"{child.name} ready  {time.monotonic() - started:.1f} s")
                    waiting.remove(child)
            if time.monotonic() - started > _READY_WITHIN:
                late = "; ".join(f"{child.name} says:\n{child.tail()}" for child in waiting)
                raise StackError(f"not ready within {_READY_WITHIN:.0f} s: {late}")
            time.sleep(0.02)

    def _describe(self) -> None:
        described = {
            "pid": os.getpid(),
            "url": self.url,
            "aws_endpoint": self.aws_endpoint,
            "kubeconfig": str(self.kubeconfig),
            "emulated_cluster": self.emulated_cluster,
        }
        (self.state / _DESCRIPTION).write_text(json.dumps(described, indent=1) + "\n")


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=512)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise StackError(f"port {port} is taken; choose another one: make run PORT={port + 1}") from None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int | None) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port or 0), timeout=1):
        return True
    return False


def _given_kubeconfig() -> Path | None:
    given = os.environ.get("KUBECONFIG", "").partition(os.pathsep)[0]
    if not given:
        return None
    if not Path(given).is_file():
        raise StackError(f"KUBECONFIG names {given}, which is no file; unset it to use the emulated cluster")
    return Path(given).resolve()


def _fresh_state(project: Path, port: int, *, ephemeral: bool) -> Path:
    """The folder for logs and the kubeconfig, without what an earlier stack at this port left.

    Those of stacks at free ports are kept until the next one starts, for whoever wonders why a test failed.
    """
    states = project / ".local"
    for owner in states.glob(f"*/{_OWNER}"):
        with contextlib.suppress(FileNotFoundError):  # another starting stack was faster
            if not _alive(int(owner.read_text() or 0)):
                shutil.rmtree(owner.parent, ignore_errors=True)
    state = states / str(port)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    if ephemeral:
        (state / _OWNER).write_text(str(os.getpid()))
    return state


def _alive(pid: int) -> bool:
    with contextlib.suppress(PermissionError):  # it is, and somebody else's
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


def _end(children: Sequence[Child]) -> None:
    """The gateway first, so that nothing calls what has already gone."""
    for child in reversed(children):
        child.end(within=_END_WITHIN)
