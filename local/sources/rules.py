"""What Lambda does with a response, a failure, a beat. Pure: clocks and counts come in as values."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from local.template import Schedule, StreamSource

Discarded = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0


def failed_items(response: Any, items: Iterable[str]) -> frozenset[str]:
    """Which items of a batch a `ReportBatchItemFailures` response calls failed.

    A response that Lambda cannot read means all of them; none and an empty one mean that all succeeded.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    everything = frozenset(items)
    if response is None:
        return frozenset()
    if not isinstance(response, dict):
        return everything
    listed = response.get("batchItemFailures")
    if listed is None:
        return frozenset()
    if not isinstance(listed, list):
        return everything
    named = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in listed]
    known = all(isinstance(name, str) and name in everything for name in named)
    return frozenset(str(name) for name in named) if known else everything


def first_failure(response: Any, numbers: Sequence[str]) -> int | None:
    """A stream goes on from the lowest failed number, whatever else the response lists."""
    failed = failed_items(response, numbers)
    return next((index for index, number in enumerate(numbers) if number in failed), None)


@dataclass(frozen=True)
class Batch:
    records: tuple[Any, ...]
    failures: int = 0  # how often it failed as it is


@dataclass(frozen=True)
class Verdict:
    """What is still to be done, in order; what is given up, and why."""

    todo: tuple[Batch, ...] = ()
    discarded: Batch | None = None
    condition: Discarded | None = None


def judge(batch: Batch, failed_at: int | None, source: StreamSource, *, age: float) -> Verdict:
    """After an attempt in which the record at `failed_at` was the first to fail; it is `age` seconds old.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html: splitting costs no retry.
    """
    if failed_at is None:
        return Verdict()
    rest = batch.records[failed_at:]
    if source.max_age >= 0 and age > source.max_age:
        return Verdict(discarded=Batch(rest, batch.failures + 1), condition="RecordAgeExceeded")
    if failed_at > 0:
        return Verdict((Batch(rest),))
    if source.bisect and len(rest) > 1:
        half = math.ceil(len(rest) / 2)
        return Verdict((Batch(rest[:half], batch.failures), Batch(rest[half:], batch.failures)))
    if source.retries < 0 or batch.failures < source.retries:
        return Verdict((Batch(rest, batch.failures + 1),))
    return Verdict(discarded=Batch(rest, batch.failures + 1), condition="RetryAttemptsExhausted")


def delay(failures: int) -> float:
    """Seconds before another try, after so many failures in a row."""
    return float(min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(failures, 10)))


def next_beat(schedule: Schedule, now: float) -> float:
    """The first beat after now. Beats stand still on the clock, so a restart does not shift them."""
    beats = math.floor((now - schedule.offset) / schedule.every)
    return schedule.offset + (beats + 1) * schedule.every
