"""One key, brought to rest: gather, plan, apply, and plan again until there is nothing to do.

Whoever comes second to a record loses its write, reads again and plans again. Any number of processes may
settle one key, and one that is killed between two calls leaves nothing that the next does not understand.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import context
from shared.cluster.labels import FunctionKey, Key, RunKey
from shared.cluster.port import Refused
from shared.errors import Unavailable
from shared.logs import log
from shared.reconciler.apply import Hands, Moved
from shared.reconciler.objects import Objects
from shared.reconciler.plan import Case, FunctionCase, RunCase, plan
from shared.runs.models import RunState

_ROUNDS = 8
"""Three are enough for whoever is alone."""

_CROWDED = timedelta(seconds=1)


@dataclass(frozen=True)
class Reconciler:
    hands: Hands
    resync: timedelta

    def settle(self, key: Key) -> datetime | None:
        """When to look at it again, if ever. Raises Unavailable if the cluster or a table does not answer."""
        hands, case = self.hands, self._load(key)
        for _ in range(_ROUNDS):
            actions = list(plan(case, now=hands.clock(), platform=hands.platform, resync=self.resync))
            if not actions:
                return _due(case)
            try:
                for action in actions:
                    case = hands.perform(action, key, case)
            except Moved:
                case = self._load(key)
            except Refused as refusal:
                log.warning("the cluster refused", key=key, reason=refusal.reason, said=refusal.message)
                case = replace(case, objects=case.objects.refused(refusal))
        return hands.clock() + _CROWDED

    def _load(self, key: Key) -> Case:
        match key:
            case FunctionKey():
                live, leaving = self.hands.records.function(key)
                known = live or next(iter(leaving), None)
                return FunctionCase(live, leaving, self.hands.view.of_function(key, known))
            case RunKey():
                return self._load_run(key)

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
