"""The tables that fit in a test: the rooms' own rules over dictionaries, with versions and fences."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from shared.cluster.labels import FunctionKey, Key, RunKey
from shared.functions import rules as function_rules
from shared.functions.models import Function, FunctionObservation
from shared.runs import rules as run_rules
from shared.runs.models import Run, RunObservation, RunOutput
from tests.reconciler.fake_cluster import Faults


@dataclass
class MemoryRecords:
    clock: Callable[[], datetime]
    before: Faults = field(default_factory=Faults)
    live: dict[FunctionKey, Function] = field(default_factory=dict)
    gone: dict[str, Function] = field(default_factory=dict)
    by_id: dict[str, Run] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, RunOutput] = field(default_factory=dict)
    fence: int = 1
    writes: int = 0

    def add(self, record: Function | Run) -> Key:
        record = record.model_copy(update={"version": 1})
        if isinstance(record, Run):
            self.by_id[record.id] = record
            return RunKey(record.id)
        key = FunctionKey(record.owner, record.name)
        self.live[key] = record
        return key

    def delete(self, key: FunctionKey) -> None:
        function = self.live.pop(key)
        self.gone[function.id] = function_rules.deleted(function, now=self.clock())

    def function(self, key: FunctionKey) -> tuple[Function | None, tuple[Function, ...]]:
        self.before.strike()
        leaving = (one for one in self.gone.values() if (one.owner, one.name) == (key.owner, key.name))
        return self.live.get(key), tuple(one for one in leaving if one.due_at is not None)

    def functions(self, keys: Iterable[FunctionKey]) -> dict[FunctionKey, Function]:
        self.before.strike()
        return {key: self.live[key] for key in keys if key in self.live}

    def run(self, run_id: str) -> Run | None:
        self.before.strike()
        return self.by_id.get(run_id)

    def runs(self, ids: Iterable[str]) -> dict[str, Run]:
        self.before.strike()
        return {id: self.by_id[id] for id in ids if id in self.by_id}

    def input_of(self, run_id: str) -> str | None:
        self.before.strike()
        return self.inputs.get(run_id)

    def due(self, now: datetime, *, known: Callable[[Key], bool] = lambda _: False) -> Iterator[Key]:
        self.before.strike()
        for run in list(self.by_id.values()):
            if run.due_at is not None and run.due_at <= now:
                yield RunKey(run.id)
        for function in [*self.live.values(), *self.gone.values()]:
            if function.due_at is not None and function.due_at <= now:
                yield FunctionKey(function.owner, function.name)

    def report_function(
        self, function: Function, seen: FunctionObservation, *, now: datetime
    ) -> Function | None:
        self.before.strike()
        key = FunctionKey(function.owner, function.name)
        known = self.live.get(key)
        if known is None or known.version != function.version or known.fence > self.fence:
            return None
        after = function_rules.observed(function, seen, now=now, fence=self.fence)
        self.live[key] = after.model_copy(update={"version": (function.version or 0) + 1})
        self.writes += 1
        return self.live[key]

    def torn_down(self, function: Function, *, now: datetime) -> None:
        self.before.strike()
        self.gone[function.id] = function.model_copy(update={"due_at": None})
        self.writes += 1

    def report_run(
        self, run: Run, seen: RunObservation, output: RunOutput | None, *, now: datetime
    ) -> Run | None:
        self.before.strike()
        known = self.by_id[run.id]
        if known.version != run.version or known.fence > self.fence:
            return None
        if not run_rules.may_follow(known.state, seen.state):
            return None
        after = run_rules.observed(run, seen, now=now, fence=self.fence)
        if output is not None:
            self.outputs[run.id] = output
        self.by_id[run.id] = after.model_copy(update={"version": (run.version or 0) + 1})
        self.writes += 1
        return self.by_id[run.id]
