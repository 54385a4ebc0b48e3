"""What the reconciler reads and writes of the rooms' records."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Protocol

from shared.cluster.labels import FunctionKey, Key, RunKey
from shared.functions import service as functions_service
from shared.functions import store as functions_store
from shared.functions.models import Function, FunctionObservation
from shared.runs import service as runs_service
from shared.runs import store as runs_store
from shared.runs.models import Run, RunObservation, RunOutput


def _nobody(_: Key) -> bool:
    return False


class Records(Protocol):
    """Reports answer None when somebody else has written since: read again, then plan again."""

    def function(self, key: FunctionKey) -> tuple[Function | None, tuple[Function, ...]]:
        """The one that has the name, and those that had it and are leaving."""
        ...

    def functions(self, keys: Iterable[FunctionKey]) -> dict[FunctionKey, Function]: ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self, ids: Iterable[str]) -> dict[str, Run]: ...

    def input_of(self, run_id: str) -> str | None: ...

    def due(self, now: datetime, *, known: Callable[[Key], bool] = _nobody) -> Iterator[Key]:
        """Those that wait longest, a few hundred at a time, past those that are `known` to be waiting."""
        ...

    def report_function(
        self, function: Function, seen: FunctionObservation, *, now: datetime
    ) -> Function | None: ...

    def torn_down(self, function: Function, *, now: datetime) -> None: ...

    def report_run(
        self, run: Run, seen: RunObservation, output: RunOutput | None, *, now: datetime
    ) -> Run | None: ...


class Stored:
    """The tables. `fence` is the lease's token; without a lease each record keeps its own."""

    def __init__(self, fence: int | None = None) -> None:
        self._fence = fence
        self._due: dict[FunctionKey, list[Function]] = {}

    def function(self, key: FunctionKey) -> tuple[Function | None, tuple[Function, ...]]:
        """What the due index just told need not be read again: if it was old, the report of it is refused.

        Not so for runs: by an old record, a Job might be made a second time.
        """
        told = self._due.pop(key, [])
        live = next((function for function in told if function.deleted_at is None), None)
        live = live or functions_store.get(key.owner, key.name)
        # Who left a name that is taken again is in the due index; only then it is worth a query.
        if live is not None and all(function.deleted_at is None for function in told):
            return live, ()
        return live, tuple(functions_store.leaving(key.owner, key.name))

    def functions(self, keys: Iterable[FunctionKey]) -> dict[FunctionKey, Function]:
        found = functions_store.many((key.owner, key.name) for key in keys)
        return {FunctionKey(owner, name): function for (owner, name), function in found.items()}

    def run(self, run_id: str) -> Run | None:
        return runs_store.get(run_id)

    def runs(self, ids: Iterable[str]) -> dict[str, Run]:
        return runs_store.many(ids)

    def input_of(self, run_id: str) -> str | None:
        return runs_store.input_of(run_id)

    def due(self, now: datetime, *, known: Callable[[Key], bool] = _nobody) -> Iterator[Key]:
        """Runs first: somebody waits for their answers."""
        for shard in range(runs_store.SHARDS):
            yield from _until_news(map(RunKey, runs_store.due(shard, now)), runs_store.DUE_PAGE, known)
        told: dict[FunctionKey, list[Function]] = {}

        def tell(function: Function) -> FunctionKey:
            key = FunctionKey(function.owner, function.name)
            told.setdefault(key, []).append(function)
            return key

        for shard in range(functions_store.SHARDS):
            for _ in _until_news(map(tell, functions_store.due(shard, now)), functions_store.DUE_PAGE, known):
                pass
        self._due = told
        yield from list(told)

    def report_function(
        self, function: Function, seen: FunctionObservation, *, now: datetime
    ) -> Function | None:
        return functions_service.report(function, seen, now=now, fence=self._token(function))

    def torn_down(self, function: Function, *, now: datetime) -> None:
        functions_service.torn_down(function, now=now, fence=self._token(function))

    def report_run(
        self, run: Run, seen: RunObservation, output: RunOutput | None, *, now: datetime
    ) -> Run | None:
        return runs_service.report(run, seen, output=output, now=now, fence=self._token(run))

    def _token(self, record: Function | Run) -> int:
        return record.fence if self._fence is None else self._fence


def _until_news(keys: Iterator[Key], size: int, known: Callable[[Key], bool]) -> Iterator[Key]:
    """Page after page, to the end of the first that has a key which is not known to be waiting."""
    while page := list(islice(keys, size)):
        yield from page
        if len(page) < size or not all(map(known, page)):
            return
