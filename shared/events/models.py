"""Facts. Every change of state leaves one in the event log, in the same transaction as the change."""

from typing import ClassVar

from shared.models import Record


class Fact(Record):
    """What a room says happened. Subclasses are the catalogue: their fields are the event's `data`."""

    type: ClassVar[str]
    """Dotted, past tense: `function.created`."""
    version: ClassVar[int] = 1

    aggregate_kind: ClassVar[str]
    """The first half of the aggregate's name: `function` of `function#<id>`."""

    id: str
    """Of what it happened to."""
    owner: str
    """The user who may read it."""
