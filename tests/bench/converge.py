"""A thousand functions from nothing to Running, and what a pass over a world at rest asks of the cluster."""

import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from local.stack import Stack
from tests.bench.report import heading

TENANTS, EACH = 25, 40
PATIENCE = 120.0


def run(stack: Stack) -> bool:
    heading(f"{TENANTS * EACH} functions in {TENANTS} namespaces, from cold")
    os.environ.update(stack.environment)
    begin = time.perf_counter()
    _store()
    print(f"stored after {time.perf_counter() - begin:.1f} s, past the API: the reconciler finds them as due")
    converged = _wait(begin)
    if converged is None:
        return False
    print(f"all Running after {converged:.1f} s (budget 20 s from cold)")
    _idle_pass(stack)
    return converged <= 20


def _idle_pass(stack: Stack) -> None:
    """A whole resync of a world at rest, with its calls of the cluster counted: lists are pages of 500."""
    from shared import clock
    from shared.cluster import connection, labels
    from shared.cluster.labels import Platform
    from shared.cluster.port import Selection
    from shared.config import settings
    from shared.reconciler.apply import Hands
    from shared.reconciler.gather import Watching
    from shared.reconciler.records import Stored
    from shared.reconciler.resync import resync
    from shared.reconciler.settle import Reconciler
    from shared.reconciler.tenants import Tenants
    from shared.reconciler.world import KINDS, World

    cluster = connection.connect(stack.kubeconfig.read_text())
    calls: Counter[str] = Counter()
    send = cluster._send

    def counted(method: str, path: str, *rest: Any, **options: Any) -> Any:
        calls[f"{method} {path.rpartition('/')[2]}"] += 1
        return send(method, path, *rest, **options)

    cluster._send = counted
    platform, world = Platform(settings().stack_name), World()
    view = Watching(world, cluster, platform, clock.now)
    begin = time.perf_counter()
    for kind in KINDS:
        world.replace(kind, cluster.list(kind, Selection(labels=labels.ours(platform))).items)
    hands = Hands(cluster, Stored(), view, Tenants(), platform, clock.now)
    to_settle = len(list(resync(Reconciler(hands, timedelta(minutes=10)), world, clock.now)))
    taken = time.perf_counter() - begin
    print(f"an idle pass: {calls.total()} calls of the cluster, {to_settle} keys to settle, {taken:.1f} s")
    print("  " + ", ".join(f"{count} {call}" for call, count in sorted(calls.items())))


def _store() -> None:
    from shared import clock
    from shared.functions import store
    from shared.functions.models import Function

    now = datetime.now(UTC)
    with store.FunctionRow.batch_write() as batch:
        for number in range(TENANTS * EACH):
            owner = f"crowd-{number // EACH}"
            function = Function(
                id=clock.new_id(),
                owner=owner,
                name=f"f-{number}",
                namespace=f"tenant-{owner}",
                image="nginx:alpine",
                replicas=1,
                created_at=now,
                updated_at=now,
                deadline_at=now + timedelta(minutes=10),
                due_at=now,
            )
            row = store._row(function)
            row.version = 1
            batch.save(row)


def _wait(begin: float) -> float | None:
    """Tenant after tenant, so that looking costs the database little beside what is measured."""
    from shared.functions import store

    for tenant in range(TENANTS):
        while True:
            found: Any = store.page(f"crowd-{tenant}", limit=EACH).items
            running = sum(function.status.value == "Running" for function in found)
            if running == EACH:
                break
            if time.perf_counter() - begin > PATIENCE:
                print(f"gave up: tenant {tenant} has {running} of {EACH} Running")
                return None
            time.sleep(0.5)
        if tenant % 6 == 0:
            print(
                f"  {time.perf_counter() - begin:5.1f} s  the first {tenant + 1} tenants are Running",
                flush=True,
            )
    return time.perf_counter() - begin
