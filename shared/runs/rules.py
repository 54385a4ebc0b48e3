"""Decisions about runs. Pure: clock and ids come in as values."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from shared.errors import FieldError, Invalid
from shared.runs.models import INPUT_LIMIT, Run, RunObservation, RunState

QUEUE_DEADLINE = timedelta(minutes=10)
"""How long an accepted run may wait for its Job before it is given up."""

_NAME_LIMIT = 45
"""A Job's name becomes a label value of at most 63 characters; `-invoke-` and the seconds need 18."""

_ORDER = {RunState.QUEUED: 0, RunState.SCHEDULED: 1, RunState.RUNNING: 2}


def job_name(name: str, *, unix_seconds: int) -> str:
    """`web-server-invoke-1699564800`. Long names are cut, and told apart by a digest."""
    if len(name) > _NAME_LIMIT:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        name = f"{name[: _NAME_LIMIT - 9].rstrip('-')}-{digest}"
    return f"{name}-invoke-{unix_seconds}"


def bump(attempt: int, run_id: str) -> int:
    """Seconds to add on the n-th collision of names, spread by the id: a burst soon finds free ones."""
    return int(run_id[-12:], 16) % (1 << attempt)


def named(run: Run, name: str, unix_seconds: int) -> Run:
    return run.model_copy(update={"job_name": job_name(name, unix_seconds=unix_seconds)})


def compact(value: object) -> str | None:
    """A run's input as it reaches the container: compact JSON. None stays nothing."""
    if value is None:
        return None
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode())
    if size > INPUT_LIMIT:
        message = f"input has {size} bytes as compact JSON; at most {INPUT_LIMIT} are accepted"
        raise Invalid(message, fields=[FieldError("input", message)])
    return text


def observed(run: Run, seen: RunObservation, *, now: datetime, fence: int) -> Run:
    """The run with what the cluster shows. Times once known stay, and never run backwards."""
    scheduled = run.scheduled_at or seen.scheduled_at
    started = run.started_at or _not_before(scheduled or run.created_at, seen.started_at)
    finished = run.finished_at or _not_before(started or scheduled or run.created_at, seen.finished_at)
    return run.model_copy(
        update={
            "state": seen.state,
            "reason": seen.reason,
            "message": seen.message,
            "exit_code": seen.exit_code,
            "scheduled_at": scheduled,
            "started_at": started,
            "finished_at": finished,
            "stored_at": now if seen.state.final else None,
            "deadline_at": seen.deadline_at,
            "due_at": None if seen.state.final else seen.due_at,
            "fence": fence,
        }
    )


def may_follow(before: RunState, after: RunState) -> bool:
    """States only move on, and a final one is final."""
    if before.final:
        return False
    return after.final or _ORDER[after] >= _ORDER[before]


def timings(run: Run) -> Mapping[str, int]:
    """Milliseconds of each phase that is over: queue, start (image and container), run, store; and in all."""
    marks = [run.created_at, run.scheduled_at, run.started_at, run.finished_at, run.stored_at]
    phases = dict(zip(("queue", "start", "run", "store"), pairwise(marks), strict=True))
    passed = {name: _ms(begin, end) for name, (begin, end) in phases.items() if begin and end}
    if run.stored_at is not None:
        passed["total"] = _ms(run.created_at, run.stored_at)
    return passed


def server_timing(run: Run) -> str:
    """https://www.w3.org/TR/server-timing/: `queue;dur=12, start;dur=80`."""
    return ", ".join(f"{name};dur={milliseconds}" for name, milliseconds in timings(run).items())


def _ms(begin: datetime, end: datetime) -> int:
    return max(0, round((end - begin).total_seconds() * 1000))


def _not_before(earlier: datetime, moment: datetime | None) -> datetime | None:
    # The cluster's clock has whole seconds: a container may seem to start before its Job was made.
    return max(earlier, moment) if moment is not None else None
