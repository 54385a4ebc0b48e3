"""The gateway's side of a zygote: ask it to fork, hear what became of its children."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_REMEMBERED = 10.0  # seconds for which the exit status of a child can be asked


@dataclass(frozen=True)
class ImportFailure:
    module: str
    traceback: str


class Branch:
    """A connection to a zygote. `fork` returns once the child exists, with our end of its socket."""

    def __init__(self, control: socket.socket) -> None:
        control.setblocking(False)
        self._control = control
        self._numbers = 0
        self._forked: dict[int, asyncio.Future[int]] = {}
        self._exits: dict[int, asyncio.Future[int | None]] = {}
        self._ready: asyncio.Future[list[ImportFailure]] = asyncio.get_running_loop().create_future()
        self._listening = asyncio.create_task(self._listen())

    async def ready(self, within: float) -> list[ImportFailure]:
        """Wait for the imports of the zygote; returns those that failed."""
        async with asyncio.timeout(within):
            return await asyncio.shield(self._ready)

    async def fork(self, role: str, spec: Mapping[str, Any]) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        self._numbers += 1
        number = self._numbers
        answer = self._forked[number] = asyncio.get_running_loop().create_future()
        try:
            with theirs:
                command = {"do": "fork", "id": number, "role": role, "spec": spec}
                await self._send(command, [theirs.fileno()])
            pid = await answer
        except BaseException:
            ours.close()
            raise
        return pid, ours

    async def kill(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        # The zygote does it, as only the parent knows that the number still means this child.
        with contextlib.suppress(ConnectionError):
            await self._send({"do": "kill", "pid": pid, "signal": int(number)})

    async def exit_of(self, pid: int, within: float = 2.0) -> int | None:
        """The exit status of a child that is ending (negative: the signal), or None if it is unknown."""
        if (exit := self._exits.get(pid)) is None:
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                return await asyncio.shield(exit)
        return None

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.wait([self._listening])
        self._control.close()

    async def _send(self, command: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        data = json.dumps(command).encode() + b"\n"
        try:
            sent = socket.send_fds(self._control, [data], descriptors) if descriptors else 0
        except BlockingIOError:  # the zygote is busy and its queue is full: it is stuck
            raise ConnectionError("the zygote does not read its commands") from None
        if sent < len(data):
            await asyncio.get_running_loop().sock_sendall(self._control, data[sent:])

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        rest = b""
        with contextlib.suppress(ConnectionError):
            while data := await loop.sock_recv(self._control, 1 << 16):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))
        self._give_up()

    def _give_up(self) -> None:
        waiting: list[asyncio.Future[Any]] = [*self._forked.values(), self._ready]
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionError("the zygote has ended"))
                future.exception()  # nobody may be waiting
        for exit in self._exits.values():
            if not exit.done():
                exit.set_result(None)

    def _hear(self, message: dict[str, Any]) -> None:
        match message:
            case {"now": "ready", "failures": failures}:
                self._ready.set_result([ImportFailure(**failure) for failure in failures])
            case {"now": "forked", "id": number, "pid": pid}:
                self._exits[pid] = asyncio.get_running_loop().create_future()
                future = self._forked.pop(number)
                if not future.cancelled():
                    future.set_result(pid)
            case {"now": "exited", "pid": pid, "status": status}:
                self._exits[pid].set_result(status)
                asyncio.get_running_loop().call_later(_REMEMBERED, self._exits.pop, pid, None)


class Root(Branch):
    """The first zygote, a process of its own; the branches descend from it and end with it."""

    def __init__(self, control: socket.socket, process: asyncio.subprocess.Process) -> None:
        super().__init__(control)
        self._process = process

    @classmethod
    async def start(cls, project: Path, environment: Mapping[str, str], log: Path) -> Self:
        ours, theirs = socket.socketpair()
        checkout = str(Path(__file__).parents[2])
        log.parent.mkdir(parents=True, exist_ok=True)
        with theirs, log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "local.runtime.zygote"),
                *(str(theirs.fileno()), str(project), str(os.getpid())),
                env={**environment, "PYTHONPATH": checkout},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
            )
        return cls(ours, process)

    async def end(self) -> None:
        await self.close()
        try:
            async with asyncio.timeout(2):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
