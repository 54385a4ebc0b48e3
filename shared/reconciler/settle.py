"""One key, brought to rest: gather, plan, apply, and plan again until there is nothing to do.

Whoever comes second to a record loses its write, reads again and plans again; so any number of processes may settle
the same key, and one that is killed between two calls leaves nothing that the next one does not understand.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import context
from shared.cluster.port import Cluster, Ref, Refused
from shared.errors import Conflict, NotFound, Unavailable
from shared.logs import log
from shared.reconciler import output
from shared.reconciler.actions import (
    Action,
    Apply,
    Create,
    Delete,
    EnsureTenant,
    ReportFunction,
    ReportRun,
    TornDown,
)
from shared.reconciler.gather import View
from shared.reconciler.labels import FunctionKey, Key, Platform, RunKey, key_of
from shared.reconciler.objects import Objects
from shared.reconciler.plan import Case, FunctionCase, RunCase, plan
from shared.reconciler.records import Records
from shared.reconciler.tenants import Tenants
from shared.runs.models import RunOutput, RunState

_ROUNDS = 6
"""Three are enough for whoever is alone."""

_LOG_PATIENCE = timedelta(seconds=30)
"""How long a finished run waits for a cluster that does not hand out its log."""


class _Moved(Exception):
    """Somebody else has written: what was planned is about a world that is gone."""


@dataclass(frozen=True)
class Reconciler:
    cluster: Cluster
    records: Records
    view: View
    tenants: Tenants
    platform: Platform
    resync: timedelta
    clock: Callable[[], datetime]

    def settle(self, key: Key) -> datetime | None:
        """When to look at it again, if ever. Raises Unavailable when the cluster or the tables do not answer."""
        case = self._load(key)
        for _ in range(_ROUNDS):
            actions = list(plan(case, now=self.clock(), platform=self.platform, resync=self.resync))
            if not actions:
                return _due(case)
            try:
                for action in actions:
                    case = self._perform(action, key, case)
            except _Moved:
                case = self._load(key)
            except Refused as refusal:
                log.warning(
                    "the cluster refused", key=str(key), reason=refusal.reason, message_=refusal.message
                )
                case = replace(case, objects=case.objects.refused(refusal))
        return self.clock() + timedelta(seconds=1)

    def _load(self, key: Key) -> Case:
        match key:
            case FunctionKey():
                live, leaving = self.records.function(key)
                known = live or next(iter(leaving), None)
                return FunctionCase(live, leaving, self.view.of_function(key, known))
            case RunKey():
                return self._load_run(key)

    def _load_run(self, key: RunKey) -> RunCase:
        run = self.records.run(key.id)
        if run is not None:
            context.enter(context.Trace(run.id, run.correlation_id, run.traceparent))
        needs_input = run is not None and run.input_bytes and run.state is RunState.QUEUED
        text = self.records.input_of(key.id) if needs_input else None
        try:
            return RunCase(run, text, self.view.of_run(key, run))
        except Unavailable:
            if run is None or run.state.final or self.clock() < run.deadline_at:
                raise
            return RunCase(run, text, Objects(reachable=False))

    def _perform(self, action: Action, key: Key, case: Case) -> Case:
        match action:
            case EnsureTenant(namespace):
                self.tenants.ensure(namespace, self.cluster, self.platform)
                return case
            case Apply() | Create():
                return self._write(action, key, case)
            case Delete(ref, uid):
                return self._delete(ref, uid, case)
            case _:
                return self._report(action, case)
