"""What Lambda does with responses and failures, as tables."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sources.rules import Batch, Verdict, delay, failed_items, first_failure, judge, next_beat
from local.template import Schedule, StreamSource

IDS = ("a", "b", "c")


def failures(*names: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        pytest.param(None, "", id="nothing returned"),
        pytest.param({}, "", id="an empty object"),
        pytest.param({"batchItemFailures": []}, "", id="an empty list"),
        pytest.param({"batchItemFailures": None}, "", id="null instead of a list"),
        pytest.param({"other": 1}, "", id="an object about something else"),
        pytest.param(failures("b"), "b", id="one"),
        pytest.param(failures("c", "a", "c"), "ac", id="some, one twice"),
        pytest.param(failures("a", "b", "c"), "abc", id="all by name"),
        pytest.param(failures(""), "abc", id="an empty identifier"),
        pytest.param(failures(None), "abc", id="a null identifier"),
        pytest.param(failures(7), "abc", id="an identifier that is no text"),
        pytest.param(failures("a", "z"), "abc", id="an identifier from another batch"),
        pytest.param({"batchItemFailures": [{"id": "a"}]}, "abc", id="a wrong key"),
        pytest.param({"batchItemFailures": ["a"]}, "abc", id="names instead of objects"),
        pytest.param({"batchItemFailures": {"itemIdentifier": "a"}}, "abc", id="an object instead of a list"),
        pytest.param("ok", "abc", id="text"),
        pytest.param([], "abc", id="a list"),
    ],
)
def test_failed_items(response: Any, failed: str) -> None:
    assert failed_items(response, IDS) == frozenset(failed)


@pytest.mark.parametrize(
    ("response", "index"),
    [
        (None, None),
        (failures("c"), 2),
        (failures("c", "b"), 1),
        (failures("unknown"), 0),
        ("ok", 0),
    ],
)
def test_a_stream_goes_on_from_the_lowest_failure(response: Any, index: int | None) -> None:
    assert first_failure(response, IDS) == index


def source(*, retries: int = 2, bisect: bool = False, max_age: float = -1.0) -> StreamSource:
    return StreamSource("T", 10, 0.0, True, retries, "LATEST", None, bisect, max_age)


@pytest.mark.parametrize(
    ("batch", "failed_at", "source", "age", "verdict"),
    [
        pytest.param(Batch((1, 2)), None, source(), 0, Verdict(), id="all succeeded"),
        pytest.param(
            Batch((1, 2)), 0, source(), 0, Verdict((Batch((1, 2), 1),)), id="a failure is tried again"
        ),
        pytest.param(
            Batch((1, 2, 3), 2),
            1,
            source(),
            0,
            Verdict((Batch((2, 3)),)),
            id="progress starts the count anew",
        ),
        pytest.param(
            Batch((1, 2), 2),
            0,
            source(),
            0,
            Verdict(discarded=Batch((1, 2), 3), condition="RetryAttemptsExhausted"),
            id="retries run out",
        ),
        pytest.param(
            Batch((1,)),
            0,
            source(retries=0),
            0,
            Verdict(discarded=Batch((1,), 1), condition="RetryAttemptsExhausted"),
            id="no retries at all",
        ),
        pytest.param(
            Batch((1,), 5_000),
            0,
            source(retries=-1),
            0,
            Verdict((Batch((1,), 5_001),)),
            id="retries without end",
        ),
        pytest.param(
            Batch((1, 2, 3), 1),
            0,
            source(bisect=True),
            0,
            Verdict((Batch((1, 2), 1), Batch((3,), 1))),
            id="a split costs no retry",
        ),
        pytest.param(
            Batch((1,), 1),
            0,
            source(bisect=True),
            0,
            Verdict((Batch((1,), 2),)),
            id="one record cannot be split",
        ),
        pytest.param(
            Batch((1, 2)),
            1,
            source(bisect=True),
            0,
            Verdict((Batch((2,)),)),
            id="the response says where to split",
        ),
        pytest.param(
            Batch((1, 2, 3)),
            1,
            source(max_age=60),
            61,
            Verdict(discarded=Batch((2, 3), 1), condition="RecordAgeExceeded"),
            id="too old to try again",
        ),
        pytest.param(
            Batch((1,)), 0, source(max_age=60), 60, Verdict((Batch((1,), 1),)), id="just young enough"
        ),
    ],
)
def test_judge(
    batch: Batch, failed_at: int | None, source: StreamSource, age: float, verdict: Verdict
) -> None:
    assert judge(batch, failed_at, source, age=age) == verdict


@given(
    size=st.integers(1, 40),
    poison=st.sets(st.integers(0, 39)),
    retries=st.integers(0, 3),
    bisect=st.booleans(),
    partial=st.booleans(),
)
def test_every_record_is_handled_or_buried_in_order_and_nothing_runs_for_ever(
    size: int, poison: set[int], retries: int, bisect: bool, partial: bool
) -> None:
    todo = [Batch(tuple(range(size)))]
    settled: list[int] = []
    for _ in range(size * 10 + 50):
        if not todo:
            break
        batch = todo.pop(0)
        bad = next((index for index, record in enumerate(batch.records) if record in poison), None)
        verdict = judge(
            batch, bad if partial or bad is None else 0, source(retries=retries, bisect=bisect), age=0
        )
        settled += batch.records[: (bad if partial else 0) if verdict.todo else None]
        todo = [*verdict.todo, *todo]
        if bisect and verdict.discarded:
            assert len(verdict.discarded.records) == 1, "a good record was given up beside a bad one"
    assert settled == list(range(size))


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.2), (1, 0.4), (3, 1.6), (6, 10.0), (10_000, 10.0)])
def test_delay(failures: int, seconds: float) -> None:
    assert delay(failures) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("schedule", "now", "beat"),
    [
        pytest.param(Schedule(60), 0, 60, id="on a beat: the next one"),
        pytest.param(Schedule(60), 59.9, 60, id="just before"),
        pytest.param(Schedule(60), 61, 120, id="just after"),
        pytest.param(Schedule(900, 300), 100, 300, id="before the first"),
        pytest.param(Schedule(900, 300), 300, 1200, id="on a late beat"),
        pytest.param(Schedule(86400, 3600), 90_000 + 1, 86400 * 2 + 3600, id="once a day"),
    ],
)
def test_next_beat(schedule: Schedule, now: float, beat: float) -> None:
    assert next_beat(schedule, now) == beat


@given(
    every=st.integers(1, 100_000),
    offset=st.integers(0, 100_000),
    now=st.floats(0, 4e9, allow_nan=False),
)
def test_the_next_beat_is_in_the_future_and_not_further_than_a_period(
    every: int, offset: int, now: float
) -> None:
    beat = next_beat(Schedule(every, offset), now)
    assert now < beat <= now + every + 1e-6
