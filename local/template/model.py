"""The shapes that the rest of the local platform sees instead of YAML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class TemplateError(Exception):
    """The template cannot be run (or deployed): says what, where, and what to do."""

    def __init__(self, where: tuple[str, ...], problem: str) -> None:
        super().__init__(f"{'/'.join(where)}: {problem}" if where else problem)


@dataclass(frozen=True)
class Route:
    method: str  # upper case; "ANY" matches every method
    path: str  # "/v1/functions/{name}"; "$default" for what no other route matches


@dataclass(frozen=True)
class QueueSource:
    queue: str  # logical id
    batch_size: int
    window: float  # seconds to wait for a fuller batch
    partial_failures: bool
    concurrency: int = 5  # batches in flight; Lambda starts with five


@dataclass(frozen=True)
class StreamSource:
    table: str  # logical id
    batch_size: int
    window: float
    partial_failures: bool
    retries: int  # -1: until the records expire
    starting_position: str
    on_failure: str | None  # logical id of a queue
    bisect: bool = False
    max_age: float = -1.0  # seconds after which a record is given up; -1: never


@dataclass(frozen=True)
class Schedule:
    every: float  # seconds between two beats
    offset: float = 0.0  # seconds by which the beats lag multiples of `every` since the epoch


@dataclass(frozen=True)
class Function:
    id: str
    handler: str  # dotted: "handlers.functions.create.handler"
    timeout: int
    memory: int
    environment: Mapping[str, str]
    routes: tuple[Route, ...] = ()
    queues: tuple[QueueSource, ...] = ()
    streams: tuple[StreamSource, ...] = ()
    schedules: tuple[Schedule, ...] = ()


@dataclass(frozen=True)
class Resource:
    id: str
    type: str
    properties: Mapping[str, Any]
    name: str = ""  # what it is called in AWS


@dataclass(frozen=True)
class Template:
    functions: Mapping[str, Function]
    resources: Mapping[str, Resource]
    stack_name: str
    outputs: Mapping[str, Any]
    region: str = "eu-central-1"
    account: str = "123456789012"
