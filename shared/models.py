"""What all shapes at the borders (HTTP, queue, table) have in common."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer

from shared.clock import iso

Item = TypeVar("Item")

Moment = Annotated[datetime, PlainSerializer(lambda moment: iso(moment.astimezone(UTC)), return_type=str)]


class Record(BaseModel):
    """What is stored or handed between rooms. Frozen: a change is a copy."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Request(BaseModel):
    """What a caller sends. Types are not coerced, and an unknown field is an error, not a shrug."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)


class View(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Page(Record, Generic[Item]):
    """A part of a list, and the opaque cursor of the next part where there is one."""

    items: tuple[Item, ...]
    next: str | None = None
    number: int | None = None
    """Which part, from 1, where the caller counts parts rather than follows cursors."""
    total: int | None = None
