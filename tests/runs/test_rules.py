import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.runs import rules
from shared.runs.models import INPUT_LIMIT, STATE_FACTS, Run, RunObservation, RunState

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,58}[a-z0-9])?", fullmatch=True)
SECONDS = st.integers(1_600_000_000, 9_999_999_999)
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def run(**changed: Any) -> Run:
    made = {
        "id": "01a20293-a30e-79af-b0d8-89c541739093",
        "kind": "invocation",
        "owner": "alice",
        "namespace": "tenant-alice",
        "source_id": "f1",
        "source_name": "hello",
        "job_name": "",
        "image": "nginx",
        "timeout_seconds": 300,
        "created_at": NOW,
        "deadline_at": NOW,
        "due_at": NOW,
    }
    return Run.model_validate(made | changed)


def seen(state: RunState, **more: Any) -> RunObservation:
    return RunObservation(state, deadline_at=NOW, due_at=NOW, **more)


def test_a_job_is_named_as_the_seed_shows() -> None:
    assert rules.job_name("web-server", unix_seconds=1699564800) == "web-server-invoke-1699564800"


@given(NAMES, SECONDS)
def test_a_jobs_name_is_a_label(name: str, second: int) -> None:
    made = rules.job_name(name, unix_seconds=second)
    assert len(made) <= 63
    assert LABEL.fullmatch(made)


@given(st.lists(NAMES, min_size=2, unique=True), SECONDS)
def test_functions_of_different_names_have_jobs_of_different_names(names: list[str], second: int) -> None:
    assert len({rules.job_name(name, unix_seconds=second) for name in names}) == len(names)


def test_long_names_that_begin_alike_are_told_apart() -> None:
    one, other = (rules.job_name("a" * 59 + last, unix_seconds=1699564800) for last in "xy")
    assert one != other
    assert one[:30] == other[:30]


@given(st.integers(0, 24), st.uuids())
def test_each_collision_of_names_doubles_the_room(attempt: int, id: Any) -> None:
    assert 0 <= rules.bump(attempt, str(id)) < 2**attempt


def test_the_first_try_is_the_present_second() -> None:
    assert rules.bump(0, "01a20293-a30e-79af-b0d8-ffffffffffff") == 0
    named = rules.named(run(), "hello", 1699564800)
    assert named.job_name == "hello-invoke-1699564800"


ALLOWED = {
    "queued": {"queued", "scheduled", "running", "completed", "failed", "timeout", "cancelled"},
    "scheduled": {"scheduled", "running", "completed", "failed", "timeout", "cancelled"},
    "running": {"running", "completed", "failed", "timeout", "cancelled"},
    "completed": set(),
    "failed": set(),
    "timeout": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize("before", RunState)
@pytest.mark.parametrize("after", RunState)
def test_states_move_on_and_final_ones_stay(before: RunState, after: RunState) -> None:
    assert rules.may_follow(before, after) is (after in ALLOWED[before])


@pytest.mark.parametrize("state", RunState)
def test_every_state_but_the_first_has_an_event(state: RunState) -> None:
    assert (state in STATE_FACTS) is (state is not RunState.QUEUED)
    if state in STATE_FACTS:
        assert STATE_FACTS[state].type == f"run.{state}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ({}, "{}"),
        ({"a": [1, None, "é"]}, '{"a":[1,null,"é"]}'),
        (0, "0"),
        (False, "false"),
        ("", '""'),
    ],
)
def test_an_input_is_compact_json(value: object, text: str | None) -> None:
    assert rules.compact(value) == text


def test_an_input_has_a_limit_in_bytes() -> None:
    fits = "é" * ((INPUT_LIMIT - 2) // 2)
    assert rules.compact(fits) is not None
    with pytest.raises(Invalid) as refusal:
        rules.compact(fits + "é")
    assert [field.field for field in refusal.value.fields] == ["input"]


MOMENTS = st.none() | st.integers(-100_000, 100_000).map(lambda ms: NOW + timedelta(milliseconds=ms))


@given(
    scheduled=MOMENTS,
    started=MOMENTS,
    finished=MOMENTS,
    state=st.sampled_from(RunState),
    now=st.integers(-1000, 1000).map(lambda ms: NOW + timedelta(milliseconds=ms)),
)
def test_no_phase_takes_less_than_no_time_whatever_the_clusters_clock_says(
    scheduled: datetime | None,
    started: datetime | None,
    finished: datetime | None,
    state: RunState,
    now: datetime,
) -> None:
    observation = seen(state, scheduled_at=scheduled, started_at=started, finished_at=finished)
    after = rules.observed(run(), observation, now=now, fence=1)
    assert all(milliseconds >= 0 for milliseconds in rules.timings(after).values())
    if after.started_at and after.finished_at:
        assert after.started_at <= after.finished_at


def test_times_once_known_stay() -> None:
    first = rules.observed(run(), seen(RunState.RUNNING, started_at=NOW), now=NOW, fence=1)
    later = seen(RunState.RUNNING, started_at=NOW + timedelta(seconds=9))
    assert rules.observed(first, later, now=NOW, fence=1).started_at == NOW


@pytest.mark.parametrize("state", RunState)
def test_a_final_run_is_stored_and_not_looked_at_again(state: RunState) -> None:
    after = rules.observed(run(), seen(state), now=NOW, fence=5)
    assert (after.stored_at is not None) is state.final
    assert (after.due_at is None) is state.final
    assert after.fence == 5


def test_phases_are_told_as_far_as_they_are_over() -> None:
    assert rules.timings(run()) == {}
    assert rules.server_timing(run()) == ""
    done = run(
        scheduled_at=NOW + timedelta(milliseconds=12),
        started_at=NOW + timedelta(milliseconds=92),
        finished_at=NOW + timedelta(milliseconds=192),
        stored_at=NOW + timedelta(milliseconds=200),
    )
    assert rules.server_timing(done) == "queue;dur=12, start;dur=80, run;dur=100, store;dur=8, total;dur=200"


def test_a_run_that_never_started_still_has_a_whole() -> None:
    failed = run(scheduled_at=NOW + timedelta(seconds=1), stored_at=NOW + timedelta(seconds=5))
    assert rules.timings(failed) == {"queue": 1000, "total": 5000}
