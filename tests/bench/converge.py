"""A thousand functions from nothing to Running, and what a pass over a world at rest asks of the cluster."""

import os
import time
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
    return converged <= 20


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
