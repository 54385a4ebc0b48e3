"""Decisions about functions. Pure: clock, ids and counts come in as values."""

from datetime import datetime, timedelta

from shared.errors import NotFound
from shared.functions.models import (
    CreateFunction,
    Function,
    FunctionObservation,
    FunctionStatus,
    UpdateFunction,
)
from shared.identity.models import Principal

START_DEADLINE = timedelta(minutes=10)
"""How long a function may be Pending before it is called Failed."""


def new_function(request: CreateFunction, *, owner: Principal, id: str, now: datetime) -> Function:
    return Function(
        id=id,
        owner=owner.user_id,
        name=request.name,
        namespace=owner.namespace,
        image=request.image,
        replicas=request.replicas or 1,
        command=tuple(request.command or ()),
        env=request.env or {},
        created_at=now,
        updated_at=now,
        deadline_at=now + START_DEADLINE,
        due_at=now,
    )


def updated(function: Function, request: UpdateFunction, *, now: datetime) -> Function:
    """The function as wanted from now on; the same object if nothing changes."""
    changes = {
        name: tuple(value) if name == "command" else value
        for name, value in request.model_dump(exclude_unset=True, exclude_none=True).items()
    }
    if all(getattr(function, name) == value for name, value in changes.items()):
        return function
    changes |= {
        "generation": function.generation + 1,
        "status": FunctionStatus.PENDING,
        "status_reason": "",
        "status_message": "",
        "updated_at": now,
        "deadline_at": now + START_DEADLINE,
        "due_at": now,
    }
    return function.model_copy(update=changes)


def deleted(function: Function, *, now: datetime) -> Function:
    return function.model_copy(update={"deleted_at": now, "updated_at": now, "due_at": now})


def observed(function: Function, seen: FunctionObservation, *, now: datetime, fence: int) -> Function:
    """The function with what the cluster shows; `updated_at` moves only with the status."""
    status_moved = seen.status is not function.status or seen.reason != function.status_reason
    return function.model_copy(
        update={
            "status": seen.status,
            "status_reason": seen.reason,
            "status_message": seen.message,
            "available_replicas": seen.available,
            "ready_replicas": seen.ready,
            "updated_replicas": seen.updated,
            "observed_generation": seen.observed_generation,
            "deadline_at": seen.deadline_at,
            "due_at": seen.due_at,
            "updated_at": now if status_moved else function.updated_at,
            "fence": fence,
        }
    )


def unknown(name: str) -> NotFound:
    return NotFound(f"function '{name[:80]}' not found")


def name_and_verb(text: str) -> tuple[str, str]:
    """`hello:invoke` → (`hello`, `invoke`). No colon: the verb is empty."""
    name, colon, verb = text.rpartition(":")
    return (name, verb) if colon else (text, "")
