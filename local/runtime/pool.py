"""The workers: lent to one invocation at a time, kept warm for a while, never more than the limit."""

import asyncio
import math
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from local.runtime.branch import Branch
from local.runtime.errors import Throttled

_KEPT_WARM = 60.0
_BETWEEN_SWEEPS = 5.0


@dataclass(eq=False)
class Worker:
    function: str
    branch: Branch
    pid: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since: float = 0.0

    @classmethod
    async def connect(cls, function: str, branch: Branch, pid: int, channel: socket.socket) -> Self:
        reader, writer = await asyncio.open_unix_connection(sock=channel, limit=1 << 20)
        return cls(function, branch, pid, reader, writer)

    @property
    def alive(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())


class Pool:
    def __init__(self, start: Callable[[str], Awaitable[Worker]], *, limit: int, patience: float) -> None:
        self._start = start
        self._limit = limit
        self._patience = patience
        self._live = 0
        self._idle: dict[str, list[Worker]] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def lend(self, function: str) -> Worker:
        """A warm worker, or a new one, if need be in place of another function's idle one."""
        try:
            async with asyncio.timeout(self._patience):
                while (worker := self._warm(function)) is None and not self._room():
                    await self._turn()
        except TimeoutError:
            raise Throttled(f"{self._limit} functions are running at once") from None
        return worker or await self._new(function)

    def give_back(self, worker: Worker) -> None:
        if not worker.alive:
            self.discard(worker)
            return
        worker.idle_since = asyncio.get_running_loop().time()
        self._idle.setdefault(worker.function, []).append(worker)
        self._wake_one()

    def discard(self, worker: Worker) -> None:
        """Part with a worker that was lent. Its process ends when it sees that the socket is closed."""
        self._live -= 1
        worker.writer.close()
        self._wake_one()

    def dismiss_idle(self, *, before: float = math.inf) -> None:
        for function, workers in self._idle.items():
            self._idle[function] = [worker for worker in workers if worker.idle_since >= before]
            for worker in workers:
                if worker.idle_since < before:
                    self.discard(worker)

    async def sweep(self) -> None:
        """Let go of workers that nobody has needed for a minute, for ever."""
        while True:
            await asyncio.sleep(_BETWEEN_SWEEPS)
            self.dismiss_idle(before=asyncio.get_running_loop().time() - _KEPT_WARM)

    @property
    def live(self) -> int:
        return self._live

    def _warm(self, function: str) -> Worker | None:
        idle = self._idle.get(function, [])
        while idle:
            worker = idle.pop()  # the one used last: the others may then grow cold
            if worker.alive:
                return worker
            self.discard(worker)
        return None

    def _room(self) -> bool:
        if self._live < self._limit:
            return True
        oldest = min(
            (worker for workers in self._idle.values() for worker in workers),
            key=lambda worker: worker.idle_since,
            default=None,
        )
        if oldest is None:
            return False
        self._idle[oldest.function].remove(oldest)
        self.discard(oldest)
        return True

    async def _new(self, function: str) -> Worker:
        self._live += 1
        try:
            return await self._start(function)
        except BaseException:
            self._live -= 1
            self._wake_one()
            raise

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake_one()  # the turn came as the wait was given up: pass it on
            raise

    def _wake_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
