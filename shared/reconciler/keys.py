"""The keys to be settled: each at most once, never by two threads, and again if it changes meanwhile.

The shape of client-go's work queue: https://pkg.go.dev/k8s.io/client-go/util/workqueue
"""

import heapq
import time
from threading import Condition

from shared.cluster.labels import Key

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0


class Keys:
    def __init__(self) -> None:
        self._ready: dict[Key, None] = {}
        self._busy: set[Key] = set()
        self._again: set[Key] = set()
        self._later: dict[Key, float] = {}
        self._timers: list[tuple[float, int, Key]] = []
        self._failures: dict[Key, int] = {}
        self._closed = False
        self._changed = Condition()

    def add(self, key: Key) -> None:
        """It may have changed: settle it now, even if it waits for a later time."""
        with self._changed:
            self._later.pop(key, None)
            self._add(key)

    def add_later(self, key: Key, seconds: float) -> None:
        """The earliest time that was asked for counts."""
        with self._changed:
            self._schedule(key, time.monotonic() + max(seconds, 0.0))

    def add_unless_known(self, key: Key) -> None:
        """For those that are due for long: not before the pause after a failure is over."""
        with self._changed:
            if key not in self._later and key not in self._busy:
                self._add(key)

    def waits(self, key: Key) -> bool:
        """Whether it will be settled without being added: later, or now."""
        with self._changed:
            return key in self._later or key in self._busy

    def failed(self, key: Key) -> float:
        """Tried again after a pause, twice as long each time. Says how long."""
        with self._changed:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            pause = min(_FIRST_PAUSE * 2.0 ** (failures - 1), _LONGEST_PAUSE)
            self._again.discard(key)
            self._schedule(key, time.monotonic() + pause)
            return pause

    def succeeded(self, key: Key) -> None:
        with self._changed:
            self._failures.pop(key, None)

    def take(self) -> Key | None:
        """The next one; waits for it. None once closed. Give it back with `done`."""
        with self._changed:
            while not self._closed:
                pause = self._promote()
                if self._ready:
                    key = next(iter(self._ready))
                    del self._ready[key]
                    self._busy.add(key)
                    return key
                self._changed.wait(pause)
            return None

    def done(self, key: Key) -> None:
        with self._changed:
            self._busy.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._add(key)

    def idle(self) -> bool:
        """Nothing is being settled, nor waits to be settled now."""
        with self._changed:
            return not self._ready and not self._busy

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _add(self, key: Key) -> None:
        if key in self._busy:
            self._again.add(key)
        else:
            self._ready[key] = None
            self._changed.notify()

    def _schedule(self, key: Key, at: float) -> None:
        if key in self._ready or self._later.get(key, at + 1) <= at:
            return
        self._later[key] = at
        heapq.heappush(self._timers, (at, id(key), key))
        self._changed.notify()

    def _promote(self) -> float | None:
        """Moves what is due by now; answers the seconds until the next one is."""
        now = time.monotonic()
        while self._timers:
            at, _, key = self._timers[0]
            if self._later.get(key) == at and at > now:
                return at - now
            heapq.heappop(self._timers)
            if self._later.get(key) == at:
                del self._later[key]
                self._add(key)
        return None
