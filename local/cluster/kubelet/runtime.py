"""What the kubelet asks of whatever runs containers: local processes, or a Docker or Podman engine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

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

    image: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    limits: Limits
    name: str  # unique on this machine
    program: str = ""  # the file to execute; an engine finds its own
    mounts: Mapping[str, str] = field(default_factory=dict)  # path in the container → folder of this machine
    user: int | None = None


@dataclass(frozen=True)
class Usage:
    """What a finished container took."""

    cpu_seconds: float = 0.0
    max_rss_bytes: int = 0
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
    async def start(self, launch: Launch, sink: Sink) -> Process:
        """Start a container; raises CannotStart."""
        ...

    async def close(self) -> None: ...
