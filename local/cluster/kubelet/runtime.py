"""What the kubelet asks of whatever runs containers: local processes, or a Docker or Podman engine."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from local.cluster.kubelet.images import Decision
from local.cluster.objects import Object

Sink = Callable[[str, bytes], None]  # "stdout" or "stderr", and what was written


@dataclass(frozen=True)
class Limits:
    memory: int = 0  # bytes; 0: none
    cpu: float = 0.0  # cores
    deadline: float = 0.0  # seconds that the whole pod may take
    processes: int = 512


@dataclass(frozen=True)
class Launch:
    """A container, ready to start."""

    name: str  # unique on this machine
    hostname: str
    image: str
    command: tuple[str, ...] = ()  # as the pod says
    args: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()  # with the image's own command, where we know it
    program: str = ""  # the file to execute for it
    path: str = ""  # folders in front of the machine's PATH
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    scratch: Path = Path()
    mounts: Mapping[str, str] = field(default_factory=dict)  # path in the container → path of this machine
    limits: Limits = Limits()
    user: int | None = None


@dataclass(frozen=True)
class Usage:
    """What a finished container took."""

    cpu_seconds: float = 0.0
    max_rss_bytes: int = 0  # of a local process: at least the 10 MB of the launcher that it began as
    seconds: float = 0.0


@dataclass(frozen=True)
class Exit:
    code: int
    reason: str = ""  # OOMKilled, where the runtime knows
    message: str = ""
    signal: int = 0
    usage: Usage = Usage()


class CannotStart(Exception):
    """The program is not there or may not be executed."""


class Process(Protocol):
    @property
    def id(self) -> str: ...

    async def wait(self) -> Exit: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Runtime(Protocol):
    def decide(self, container: Object, *, long_running: bool) -> Decision | Awaitable[Decision]:
        """What becomes of the container's image."""
        ...

    async def start(self, launch: Launch, sink: Sink) -> Process:
        """Start a container; raises CannotStart."""
        ...

    async def close(self) -> None: ...
