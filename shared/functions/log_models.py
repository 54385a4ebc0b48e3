"""Shapes of a function's log."""

from datetime import UTC, datetime
from typing import Self

from shared.models import Record

TAIL_DEFAULT = 100


class LogRequest(Record):
    """What a caller wants to see of a function's log."""

    tail: int = TAIL_DEFAULT
    follow: bool = False
    timestamps: bool = False
    after: str = ""
    """Time of the last line already seen, as the cluster wrote it: only later ones are wanted."""


class LogLine(Record):
    """A line with the pod that wrote it and when, in the cluster's own notation (RFC 3339, nanoseconds)."""

    pod: str
    time: str
    text: str

    @classmethod
    def parse(cls, pod: str, line: str) -> Self:
        time, _, text = line.partition(" ")
        return cls(pod=pod, time=time, text=text)

    def shown(self, *, timestamps: bool) -> str:
        return f"{self.time} {self.text}" if timestamps else self.text


def moment_of(time: str) -> datetime | None:
    """A line's time, for asking what came since. The cluster counts whole seconds; callers filter."""
    try:
        return datetime.fromisoformat(time[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
