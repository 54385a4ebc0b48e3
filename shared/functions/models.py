"""Shapes of functions: what callers send, what is stored, what they get, what happened."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from shared.containers import Command, Env, Image
from shared.events.models import Fact
from shared.models import Moment, Record, Request, View

REPLICAS_LIMIT = 10


class FunctionStatus(StrEnum):
    PENDING = "Pending"
    RUNNING = "Running"
    FAILED = "Failed"


class Function(Record):
    """A workload, wanted for as long as this says so. A deleted one is kept until the cluster is clean."""

    id: str
    owner: str
    name: str
    namespace: str
    image: str
    replicas: int
    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    generation: int = 1
    """Counts changes of the wanted state."""
    observed_generation: int = 0
    """The generation that the reconciler last brought to the cluster."""
    status: FunctionStatus = FunctionStatus.PENDING
    status_reason: str = ""
    status_message: str = ""
    available_replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    deadline_at: datetime | None = None
    """When a status of Pending stops being patience: it then turns to Failed with the reason."""
    due_at: datetime | None = None
    """When the reconciler looks again: at once after a change, later to resync. None once torn down."""
    fence: int = 0
    version: int | None = None


@dataclass(frozen=True)
class FunctionObservation:
    """What the reconciler found out about a function, and when it wants to look again."""

    status: FunctionStatus
    reason: str
    message: str
    available: int
    ready: int
    updated: int
    observed_generation: int
    deadline_at: datetime | None
    due_at: datetime


_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,58}[a-z0-9])?")
_RESERVED_PREFIXES = ("kube-", "eventflow-")


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def checked_name(name: str) -> str:
    if not is_name(name):
        raise ValueError("use 1 to 60 lower-case letters, digits and inner hyphens (a DNS label)")
    if name.startswith(_RESERVED_PREFIXES):
        raise ValueError(f"names beginning with {' or '.join(_RESERVED_PREFIXES)} are reserved")
    return name


Name = Annotated[str, AfterValidator(checked_name)]
Replicas = Annotated[int, Field(ge=0, le=REPLICAS_LIMIT, description="0 means the default, 1")]


class CreateFunction(Request):
    """Body of POST /v1/functions (seed 000, "Create Function")."""

    name: Annotated[Name, Field(description="unique within your namespace", examples=["my-function"])]
    image: Annotated[Image, Field(description="container image", examples=["nginx:alpine"])]
    replicas: Replicas | None = 1
    command: Annotated[Command | None, Field(description="overrides the image's own command")] = None
    env: Annotated[Env | None, Field(description="environment variables")] = None
    namespace: Annotated[str | None, Field(description="ignored: your token decides", deprecated=True)] = None


class UpdateFunction(Request):
    """Body of PATCH /v1/functions/{name}: the fields to change; the others stay (RFC 7396, no deletions)."""

    image: Image | None = None
    replicas: Annotated[int | None, Field(ge=1, le=REPLICAS_LIMIT)] = None
    command: Command | None = None
    env: Env | None = None


class FunctionView(View):
    """A function as its owner sees it."""

    id: str
    user_id: str
    name: str
    namespace: str
    image: str
    replicas: int
    command: tuple[str, ...]
    env: dict[str, str]
    status: FunctionStatus
    status_reason: str
    status_message: str
    available_replicas: int
    ready_replicas: int
    updated_replicas: int
    generation: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, function: Function) -> "FunctionView":
        return cls(user_id=function.owner, **function.model_dump(include=_SHOWN))


_SHOWN = set(FunctionView.model_fields) - {"user_id"}


class FunctionFact(Fact):
    """What every event of a function says. `previous_status` is None for one that did not exist before."""

    aggregate_kind: ClassVar[str] = "function"

    name: str
    namespace: str
    image: str
    replicas: int
    generation: int
    status: FunctionStatus | None
    previous_status: FunctionStatus | None
    reason: str = ""
    message: str = ""

    @classmethod
    def of(cls, function: Function, *, before: FunctionStatus | None) -> Self:
        return cls(
            id=function.id,
            owner=function.owner,
            name=function.name,
            namespace=function.namespace,
            image=function.image,
            replicas=function.replicas,
            generation=function.generation,
            status=None if function.deleted_at else function.status,
            previous_status=before,
            reason=function.status_reason,
            message=function.status_message,
        )


class FunctionCreated(FunctionFact):
    type: ClassVar[str] = "function.created"


class FunctionUpdated(FunctionFact):
    type: ClassVar[str] = "function.updated"


class FunctionDeleted(FunctionFact):
    type: ClassVar[str] = "function.deleted"


class FunctionPending(FunctionFact):
    """It ran and no longer does: pods are being replaced."""

    type: ClassVar[str] = "function.pending"


class FunctionRunning(FunctionFact):
    type: ClassVar[str] = "function.running"


class FunctionFailed(FunctionFact):
    type: ClassVar[str] = "function.failed"


STATUS_FACTS: dict[FunctionStatus, type[FunctionFact]] = {
    FunctionStatus.PENDING: FunctionPending,
    FunctionStatus.RUNNING: FunctionRunning,
    FunctionStatus.FAILED: FunctionFailed,
}
