"""Shapes of functions: what callers send, what is stored, what they get, what happened."""

from datetime import datetime
from enum import StrEnum

from shared.models import Record


class FunctionStatus(StrEnum):
    PENDING = "Pending"
    RUNNING = "Running"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


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
