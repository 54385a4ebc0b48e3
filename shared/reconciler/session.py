"""One lease's time as the watcher: follow the cluster, settle what changes, look for what is due."""

import time
from threading import Thread

from shared import clock, context
from shared.cluster.labels import Key
from shared.errors import AppError
from shared.logs import log
from shared.reconciler import lease
from shared.reconciler.keys import Keys
from shared.reconciler.lease import Lease
from shared.reconciler.resync import resync
from shared.reconciler.settle import Reconciler
from shared.reconciler.watching import Watcher
from shared.reconciler.world import World

WORKERS = 8

_TICK = 0.2
_DUE_PAUSES = (1.0, 5.0)
"""Seconds between looks into the due index: the first while there is something, growing to the second."""

_JOIN_SECONDS = 3.0
"""For all workers together: while a cluster hangs they all do, and the invocation is about to end."""


class Session:
    def __init__(self, reconciler: Reconciler, world: World, held: Lease, *, ends: float) -> None:
        self._reconciler = reconciler
        self._world = world
        self._lease = held
        self._ends = ends
        self._keys = Keys()
        self._watcher = Watcher(reconciler.hands.cluster, world, self._keys, reconciler.hands.platform)
        self._workers = [
            Thread(target=self._work, name=f"settle-{number}", daemon=True) for number in range(WORKERS)
        ]
        self._next = dict.fromkeys(("renew", "due", "resync"), 0.0)
        self._due_pause = _DUE_PAUSES[0]

    def run(self) -> None:
        """Until the time is up or the lease is lost."""
        self._watcher.start()
        for worker in self._workers:
            worker.start()
        try:
            while time.monotonic() < self._ends and self._watcher.alive and self._tick():
                time.sleep(_TICK)
        finally:
            self._keys.close()
            self._watcher.stop()
            patience = time.monotonic() + _JOIN_SECONDS
            for worker in self._workers:
                worker.join(max(0.0, patience - time.monotonic()))

    def _tick(self) -> bool:
        """Whether to go on: until somebody else has the lease.

        On a machine too busy to renew it in time it may have run out. If nobody took it, renewing gets it
        back; if somebody did, the fence has kept our writes out since.
        """
        try:
            if self._is_time("renew", lease.RENEWED_EVERY.total_seconds()):
                renewed = lease.renew(self._lease, now=clock.now())
                if renewed is None:
                    log.warning("lease lost", fence=self._lease.fence)
                    return False
                self._lease = renewed
            if self._is_time("due", self._due_pause):
                self._look_for_due()
            if self._world.complete and self._is_time("resync", self._reconciler.resync.total_seconds()):
                # In a thread of its own: on a large cluster it takes longer than the lease lasts unrenewed.
                Thread(target=self._resync, name="resync", daemon=True).start()
        except AppError as error:
            log.warning("tick failed", reason=error.message)
        return True

    def _resync(self) -> None:
        try:
            for key in resync(self._reconciler, self._world, clock.now):
                self._keys.add(key)
        except AppError as error:
            log.warning("resync broken off; the next one begins again", reason=error.message)

    def _is_time(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + every
        return True

    def _look_for_due(self) -> None:
        shortest, longest = _DUE_PAUSES
        found = list(self._reconciler.hands.records.due(clock.now(), known=self._keys.waits))
        for key in found:
            self._keys.add_unless_known(key)
        self._due_pause = shortest if found else min(self._due_pause * 1.5, longest)

    def _work(self) -> None:
        while (key := self._keys.take()) is not None:
            try:
                self._settle(key)
            finally:
                self._keys.done(key)

    def _settle(self, key: Key) -> None:
        context.enter(context.Trace())
        try:
            due_at = self._reconciler.settle(key)
        except AppError as error:
            log.warning("not settled", key=key, reason=error.message, pause=self._keys.failed(key))
        except Exception:  # noqa: BLE001  # one key's bug must not stop the others
            log.exception("not settled", key=key, pause=self._keys.failed(key))
        else:
            self._keys.succeeded(key)
            pause = (due_at - clock.now()).total_seconds() if due_at else None
            if pause is not None and time.monotonic() + pause < self._ends:
                self._keys.add_later(key, pause)
