"""The loop of a controller: keys of what may have changed, each once, each retried when it fails."""

import asyncio
import logging
from collections.abc import Callable

from local.cluster.objects import Key

log = logging.getLogger(__name__)

_FIRST_RETRY, _LAST_RETRY = 0.1, 30.0
_BATCH = 50  # keys between two moments for requests


class Retry(Exception):
    """Not possible now, for a reason that may pass."""


class WorkQueue:
    def __init__(self, name: str, reconcile: Callable[[Key], None]) -> None:
        self._name = name
        self._reconcile = reconcile
        self._keys: dict[Key, None] = {}
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()

    def add(self, key: Key) -> None:
        self._keys[key] = None
        self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        asyncio.get_running_loop().call_later(max(seconds, 0.0), self.add, key)

    def hurry(self, namespace: str) -> None:
        """What failed in a namespace may be possible now."""
        for key in self._failures:
            if key[0] == namespace:
                self.add(key)

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._keys:
                for key in list(self._keys)[:_BATCH]:
                    del self._keys[key]
                    self._one(key)
                await asyncio.sleep(0)

    def _one(self, key: Key) -> None:
        try:
            self._reconcile(key)
        except Retry:
            self._again(key)
        except Exception:  # one object's trouble must not stop the others
            log.exception("%s: %s failed", self._name, "/".join(key))
            self._again(key)
        else:
            self._failures.pop(key, None)

    def _again(self, key: Key) -> None:
        count = self._failures[key] = self._failures.get(key, 0) + 1
        self.add_after(key, min(_FIRST_RETRY * 2 ** min(count - 1, 16), _LAST_RETRY))
