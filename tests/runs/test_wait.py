from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.runs import service, store
from shared.runs.models import Run, RunState

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def run() -> Run:
    return Run(
        id="r1",
        kind="invocation",
        owner="alice",
        namespace="tenant-alice",
        source_id="f1",
        source_name="hello",
        job_name="hello-invoke-1",
        image="nginx",
        timeout_seconds=300,
        created_at=NOW,
        deadline_at=NOW,
    )


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes the store show these, one a look and the last for ever; returns the ids that were asked for."""

    def show(*looks: Run | None) -> list[str]:
        asked: list[str] = []

        def get(run_id: str) -> Run | None:
            asked.append(run_id)
            return looks[min(len(asked), len(looks)) - 1]

        monkeypatch.setattr(store, "get", get)
        return asked

    return show


def done(run: Run) -> Run:
    return run.model_copy(update={"state": RunState.COMPLETED})


def test_waiting_ends_with_the_run(run: Run, shown: Callable[..., list[str]]) -> None:
    asked = shown(run, run, done(run))
    assert service.wait(run, seconds=30).state is RunState.COMPLETED
    assert asked == ["r1"] * 3


def test_waiting_ends_with_the_time(run: Run, shown: Callable[..., list[str]]) -> None:
    asked = shown(run)
    assert service.wait(run, seconds=0.1) == run
    assert asked


def test_a_finished_run_is_not_waited_for(run: Run, shown: Callable[..., list[str]]) -> None:
    asked = shown(run)
    service.wait(done(run), seconds=30)
    assert asked == []


def test_looks_grow_rare(run: Run, shown: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    moment = [0.0]

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        moment[0] += seconds

    class Clock:
        monotonic: Any = staticmethod(lambda: moment[0])

    Clock.sleep = staticmethod(sleep)  # type: ignore[attr-defined]
    monkeypatch.setattr(service, "time", Clock)
    shown(run)
    service.wait(run, seconds=25)
    assert sum(pauses) == pytest.approx(25)
    assert pauses[0] < 0.05
    assert max(pauses) <= 0.5
    assert len(pauses) < 70


def test_a_run_that_vanishes_is_shown_as_it_was(run: Run, shown: Callable[..., list[str]]) -> None:
    shown(None)
    assert service.wait(run, seconds=0.05) == run
