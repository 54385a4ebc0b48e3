"""A child process of the local platform: started with its log, watched, ended without leftovers."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_CHECKOUT = Path(__file__).parents[1]
_TAIL = 20


class ChildEnded(Exception):
    """A part of the stack ended by itself. Says which, how, and what it said last."""


class Child:
    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        listener: socket.socket | None = None,
        talks: bool = False,
    ) -> None:
        """`talks`: what it prints goes to our own output; the log keeps its errors."""
        self.name = name
        self._log = log
        self._lifeline, theirs = socket.socketpair()
        inherited = [theirs.fileno(), *([listener.fileno()] if listener else [])]
        command = [sys.executable, "-m", *arguments]
        if listener:
            command += ["--listen", str(listener.fileno()), "--lifeline", str(theirs.fileno())]
        with theirs, log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=None if talks else output,
                stderr=output,
                cwd=_CHECKOUT,
                env={**environment, "PYTHONPATH": str(_CHECKOUT)},
                pass_fds=inherited,
                start_new_session=True,  # Ctrl-C is ours to handle; and the group can be ended as one
            )

    def check(self) -> None:
        status = self._process.poll()
        if status is not None:
            raise ChildEnded(
                f"{self.name} ended with status {status}; the end of {self._log}:\n{self.tail()}"
            )

    def said_ready(self) -> bool:
        self._lifeline.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            return bool(self._lifeline.recv(64))
        return False

    def tail(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_TAIL:])

    def end(self, *, within: float) -> None:
        """Ask it to end; then end whatever is left of its group."""
        if self._process.poll() is None:
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._lifeline.close()
