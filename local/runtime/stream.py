"""A response that is still being made: it may go on for as long as someone reads it."""

import signal
from collections.abc import Mapping

from local.runtime import frames
from local.runtime.errors import FunctionError
from local.runtime.pool import Pool, Worker

_TO_CLEAN_UP = 1.0


class Stream:
    """Iterate for the chunks; `close` in any case, which makes the function stop and frees its worker."""

    def __init__(self, status: int, headers: Mapping[str, str], *, worker: Worker, pool: Pool) -> None:
        self.status = status
        self.headers = headers
        self._worker: Worker | None = worker
        self._pool = pool

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        if self._worker is None:
            raise StopAsyncIteration
        match await frames.read(self._worker.reader):
            case (frames.CHUNK, chunk):
                return chunk
            case (frames.END, _):
                self._give_back(self._worker)
                raise StopAsyncIteration
            case (frames.ERROR, payload):
                self._give_back(self._worker)
                raise FunctionError.parse(payload)
            case _:
                status = await self._worker.branch.exit_of(self._worker.pid)
                raise FunctionError.exited(status)

    async def close(self) -> None:
        """SIGTERM lets the generator run its `finally`; the process ends either way."""
        if (worker := self._worker) is None:
            return
        self._worker = None
        try:
            await worker.branch.kill(worker.pid, signal.SIGTERM)
            if await worker.branch.exit_of(worker.pid, _TO_CLEAN_UP) is None:
                await worker.branch.kill(worker.pid)
        finally:
            self._pool.discard(worker)

    def _give_back(self, worker: Worker) -> None:
        self._worker = None
        self._pool.give_back(worker)
