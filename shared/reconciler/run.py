"""When the reconciler runs: for each wake-up, and once a minute for as long as the next one is not there.

A wake-up settles its own key. The scheduled invocation takes the lease and watches until just before its own
deadline; one that finds the lease taken waits for it, so that a holder's death is noticed within seconds.
"""

import json
import time
from dataclasses import replace
from datetime import timedelta
from functools import cache

from shared import clock
from shared.cluster import connection
from shared.cluster.labels import FunctionKey, Key, Platform, RunKey
from shared.cluster.port import Cluster
from shared.config import settings
from shared.errors import AppError, Permanent
from shared.logs import log
from shared.reconciler import lease
from shared.reconciler.apply import Hands
from shared.reconciler.gather import Asking, View, Watching
from shared.reconciler.lease import Lease
from shared.reconciler.records import Stored
from shared.reconciler.session import Session
from shared.reconciler.settle import Reconciler
from shared.reconciler.tenants import Tenants
from shared.reconciler.world import World

_MARGIN_SECONDS = 8.0
"""Left of an invocation's time to end what is under way and hand over."""

_LEASE_PAUSE = 1.0


def wake(body: str) -> None:
    """`body` of a message on the work queue. Raises Permanent if it is none."""
    cluster, platform = connection.cluster(), _platform()
    _reconciler(cluster, Asking(cluster, platform, clock.now), Stored()).settle(key_in(body))


def watch(*, seconds: float) -> None:
    """`seconds`: what is left of this invocation."""
    ends = time.monotonic() + seconds - _MARGIN_SECONDS
    held = _lease_before(ends)
    if held is None:
        return
    try:
        cluster, world = connection.cluster(), World()
        view = Watching(world, cluster, _platform(), clock.now)
        reconciler = replace(_reconciler(cluster, view, Stored(held.fence)), awaited=set())
        Session(reconciler, world, held, ends=ends).run()
    finally:
        lease.release(held, now=clock.now())


def key_in(body: str) -> Key:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    match said:
        case {"kind": "run", "key": str(id)}:
            return RunKey(id)
        case {"kind": "function", "key": str(text)}:
            owner, _, name = text.rpartition("/")
            return FunctionKey(owner, name)
    raise Permanent(f"not a wake-up: {body[:200]}")


def _lease_before(ends: float) -> Lease | None:
    holder = clock.new_id()
    while time.monotonic() < ends:
        try:
            held = lease.acquire(holder, now=clock.now())
        except AppError as error:
            log.warning("lease not readable", reason=error.message)
            held = None
        if held is not None:
            return held
        time.sleep(_LEASE_PAUSE)
    return None


def _reconciler(cluster: Cluster, view: View, records: Stored) -> Reconciler:
    hands = Hands(cluster, records, view, _tenants(), _platform(), clock.now)
    return Reconciler(hands, timedelta(seconds=settings().resync_seconds))


@cache
def _tenants() -> Tenants:
    return Tenants()


def _platform() -> Platform:
    return Platform(settings().stack_name, settings().runtime_class_name)
