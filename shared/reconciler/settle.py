"""One key, brought to rest: gather, plan, apply, and plan again until there is nothing to do.

Whoever comes second to a record loses its write, reads again and plans again. Any number of processes may
settle one key, and one that is killed between two calls leaves nothing that the next does not understand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import context
from shared.cluster.labels import FunctionKey, Key, RunKey
from shared.cluster.port import Refused
from shared.errors import Unavailable
from shared.logs import log
from shared.reconciler.actions import Action, Apply, ReportFunction, TornDown
from shared.reconciler.apply import Hands, Moved
from shared.reconciler.objects import Objects
from shared.reconciler.plan import Case, FunctionCase, RunCase, plan
from shared.runs.models import RunState

_ROUNDS = 8
"""Three are enough for whoever is alone."""

_CROWDED = timedelta(seconds=1)

_PATIENCE = timedelta(seconds=1)


@dataclass(frozen=True)
class Reconciler:
    hands: Hands
    resync: timedelta
    awaited: set[Key] | None = None
    """For whoever watches: functions that were just changed, and have a moment to get ready before they are
    reported as starting. Of a thousand most are ready by then, and one report each is enough.
    """

    def settle(self, key: Key) -> datetime | None:
        """When to look at it again, if ever. Raises Unavailable if the cluster or a table does not answer."""
        hands, case = self.hands, self._load(key)
        for _ in range(_ROUNDS):
            actions = list(plan(case, now=hands.clock(), platform=hands.platform, resync=self.resync))
            if not actions:
                self._is_at_rest(key)
                return _due(case)
            try:
                for action in actions:
                    case = self._perform(action, key, case)
                    if not case.objects.reachable:
                        break
                if self._waits(key, actions):
                    return hands.clock() + _PATIENCE
            except Moved:
                case = self._load(key)
            except Refused as refusal:
                log.warning("the cluster refused", key=key, reason=refusal.reason, said=refusal.message)
                case = replace(case, objects=case.objects.refused(refusal))
        return hands.clock() + _CROWDED

    def _waits(self, key: Key, actions: Sequence[Action]) -> bool:
        """Whether to give it a moment. Once: a change that has to be made again is reported."""
        if self.awaited is None or not isinstance(key, FunctionKey) or key in self.awaited:
            return False
        if not any(isinstance(action, Apply) for action in actions):
            return False
        self.awaited.add(key)
        return True

    def _is_at_rest(self, key: Key) -> None:
        if self.awaited is not None:
            self.awaited.discard(key)

    def _perform(self, action: Action, key: Key, case: Case) -> Case:
        try:
            return self.hands.perform(action, key, case)
        except Unavailable as outage:
            if isinstance(action, ReportFunction | TornDown) or not self._is_overdue(case):
                raise
            log.warning("the cluster does not take it", key=key, reason=outage.message)
            return replace(case, objects=replace(case.objects, reachable=False))

    def _load(self, key: Key) -> Case:
        match key:
            case FunctionKey():
                live, leaving = self.hands.records.function(key)
                return self._load_function(key, FunctionCase(live, leaving))
            case RunKey():
                return self._load_run(key)

    def _load_function(self, key: FunctionKey, case: FunctionCase) -> FunctionCase:
        known = case.live or next(iter(case.leaving), None)
        try:
            return replace(case, objects=self.hands.view.of_function(key, known))
        except Unavailable:
            if not self._is_overdue(case):
                raise
            return replace(case, objects=Objects(reachable=False))

    def _is_overdue(self, case: Case) -> bool:
        """Whoever waited for a function long enough is told that the cluster cannot be asked, but once."""
        deadline = case.live.deadline_at if isinstance(case, FunctionCase) and case.live else None
        return deadline is not None and self.hands.clock() >= deadline and case.objects.reachable

    def _load_run(self, key: RunKey) -> RunCase:
        run = self.hands.records.run(key.id)
        if run is None:
            return RunCase(objects=self.hands.view.of_run(key, None))
        context.enter(context.Trace(run.id, run.correlation_id, run.traceparent))
        needs_input = run.input_bytes > 0 and run.state is RunState.QUEUED
        text = self.hands.records.input_of(run.id) if needs_input else None
        try:
            return RunCase(run, text, self.hands.view.of_run(key, run))
        except Unavailable:
            if run.state.final or self.hands.clock() < run.deadline_at:
                raise
            return RunCase(run, text, Objects(reachable=False))


def _due(case: Case) -> datetime | None:
    record = case.live if isinstance(case, FunctionCase) else case.run
    return record.due_at if record is not None else None
