"""A run: one finite piece of work on the cluster. The core under invocations, executions and tasks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal, Self

from shared.events.models import Fact
from shared.models import Record

OUTPUT_LIMIT = 256 * 1024
"""Bytes of stdout and of stderr kept for a run. A DynamoDB item holds 400 KB."""

INPUT_LIMIT = 256 * 1024
"""Bytes of compact JSON accepted as a run's input."""

INLINE_INPUT_LIMIT = 32 * 1024
"""Larger inputs reach the container as a mounted file: an environment entry may not pass 128 KiB (execve)."""


class RunState(StrEnum):
    QUEUED = "queued"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {RunState.COMPLETED, RunState.FAILED, RunState.TIMEOUT, RunState.CANCELLED}


RunKind = Literal["invocation"]


class Run(Record):
    """A run as stored, without its input and output, which are read only where somebody asks for them."""

    id: str
    kind: RunKind
    owner: str
    namespace: str
    source_id: str
    """Id of what was run: for an invocation the function's."""
    source_name: str
    job_name: str
    image: str
    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    input_bytes: int = 0
    timeout_seconds: int
    state: RunState = RunState.QUEUED
    reason: str = ""
    """Why it failed, in a word as Kubernetes uses them: ImagePullBackOff, DeadlineExceeded, OOMKilled …"""
    message: str = ""
    exit_code: int | None = None
    correlation_id: str = ""
    traceparent: str = ""
    created_at: datetime
    scheduled_at: datetime | None = None
    """The reconciler created the Job."""
    started_at: datetime | None = None
    """The container started."""
    finished_at: datetime | None = None
    """The container ended, or we gave up on it."""
    stored_at: datetime | None = None
    """The result was stored."""
    deadline_at: datetime
    """When the present state is given up, whatever the cluster says."""
    due_at: datetime | None = None
    """When the reconciler looks again. None once the state is final."""
    fence: int = 0
    """Fencing token of the reconciler that wrote last: a lower one is refused."""
    version: int | None = None


class RunOutput(Record):
    """What a run printed, cut at OUTPUT_LIMIT."""

    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    bytes: int = 0
    """Of stdout and stderr together, before the cut, as far as the cluster still had them."""


@dataclass(frozen=True)
class RunObservation:
    """What the reconciler found out about a run, and when it wants to look again."""

    state: RunState
    deadline_at: datetime
    due_at: datetime | None
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    scheduled_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class RunFact(Fact):
    """What every event of a run says."""

    aggregate_kind: ClassVar[str] = "run"

    kind: RunKind
    namespace: str
    source_id: str
    source_name: str
    job_name: str
    state: RunState
    reason: str = ""
    message: str = ""
    exit_code: int | None = None

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls.model_validate(run.model_dump(include=set(cls.model_fields)))


class FunctionInvoked(RunFact):
    """A run of a function was accepted."""

    type: ClassVar[str] = "function.invoked"


class RunScheduled(RunFact):
    type: ClassVar[str] = "run.scheduled"


class RunStarted(RunFact):
    type: ClassVar[str] = "run.running"


class RunCompleted(RunFact):
    type: ClassVar[str] = "run.completed"


class RunFailed(RunFact):
    type: ClassVar[str] = "run.failed"


class RunTimedOut(RunFact):
    type: ClassVar[str] = "run.timeout"


class RunCancelled(RunFact):
    type: ClassVar[str] = "run.cancelled"


STATE_FACTS: dict[RunState, type[RunFact]] = {
    RunState.SCHEDULED: RunScheduled,
    RunState.RUNNING: RunStarted,
    RunState.COMPLETED: RunCompleted,
    RunState.FAILED: RunFailed,
    RunState.TIMEOUT: RunTimedOut,
    RunState.CANCELLED: RunCancelled,
}
