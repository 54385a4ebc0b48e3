"""A function's `Events`: its routes, queues, streams and schedules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.template.model import QueueSource, Route, Schedule, StreamSource, TemplateError
from local.template.schedules import schedule

Where = tuple[str, ...]

_ANY = {"*", "ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD"}
_COMMON = {"Enabled", "BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes"}
_STREAM = {
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "StartingPosition",
    "Stream",
}


@dataclass
class Sources:
    """Filled event by event; `owners` leads from an ARN back to a logical id."""

    owners: Mapping[str, str]
    routes: list[Route] = field(default_factory=list)
    queues: list[QueueSource] = field(default_factory=list)
    streams: list[StreamSource] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)


def sources(events: Mapping[str, Any], owners: Mapping[str, str], where: Where) -> Sources:
    found = Sources(owners)
    for name, event in events.items():
        add = _EVENTS.get(event["Type"])
        if add is None:
            known = ", ".join(sorted(_EVENTS))
            raise TemplateError(
                (*where, name), f"event type {event['Type']} does not run locally; {known} do"
            )
        properties = event.get("Properties") or {}
        if properties.get("Enabled", True) is not False and properties.get("State", "ENABLED") == "ENABLED":
            add(found, properties, (*where, name))
    return found


def _http(found: Sources, properties: Mapping[str, Any], where: Where) -> None:
    method = str(properties.get("Method", "ANY")).upper()
    path = properties.get("Path", "$default")
    if path == "$default" and method not in _ANY:
        raise TemplateError(where, "$default takes every method: give no Method, or ANY")
    found.routes.append(Route("ANY" if method in _ANY else method, path))


def _queue(found: Sources, properties: Mapping[str, Any], where: Where) -> None:
    _only(properties, _COMMON | {"Queue", "ScalingConfig"}, where)
    found.queues.append(
        QueueSource(
            queue=_owner(found, properties["Queue"], where),
            batch_size=_between(properties.get("BatchSize", 10), 1, 10_000, where),
            window=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial_failures=_partial_failures(properties, where),
            concurrency=min(5, (properties.get("ScalingConfig") or {}).get("MaximumConcurrency", 5)),
        )
    )
    source = found.queues[-1]
    if source.batch_size > 10 and source.window < 1:
        raise TemplateError(where, "a BatchSize above 10 needs MaximumBatchingWindowInSeconds of at least 1")


def _stream(found: Sources, properties: Mapping[str, Any], where: Where) -> None:
    _only(properties, _COMMON | _STREAM, where)
    destination = ((properties.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    position = properties.get("StartingPosition")
    if position not in ("LATEST", "TRIM_HORIZON"):
        raise TemplateError(where, f"StartingPosition is LATEST or TRIM_HORIZON, not {position!r}")
    found.streams.append(
        StreamSource(
            table=_owner(found, properties["Stream"], where),
            batch_size=_between(properties.get("BatchSize", 100), 1, 10_000, where),
            window=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial_failures=_partial_failures(properties, where),
            retries=_between(properties.get("MaximumRetryAttempts", -1), -1, 10_000, where),
            starting_position=position,
            on_failure=None if destination is None else _owner(found, destination, where),
            bisect=bool(properties.get("BisectBatchOnFunctionError", False)),
            max_age=float(properties.get("MaximumRecordAgeInSeconds", -1)),
        )
    )


def _schedule(found: Sources, properties: Mapping[str, Any], where: Where) -> None:
    expression = properties.get("Schedule") or properties.get("ScheduleExpression")
    if expression is None:
        raise TemplateError(where, "has no schedule expression")
    if "Input" in properties:
        raise TemplateError(
            where, "Input is not emulated locally: the function gets EventBridge's scheduled event"
        )
    found.schedules.append(schedule(expression, where))


def _owner(found: Sources, arn: str, where: Where) -> str:
    if arn not in found.owners:
        raise TemplateError(where, f"{arn} belongs to no table or queue of this template; use !GetAtt")
    return found.owners[arn]


def _partial_failures(properties: Mapping[str, Any], where: Where) -> bool:
    types = properties.get("FunctionResponseTypes", [])
    if unknown := set(types) - {"ReportBatchItemFailures"}:
        raise TemplateError(where, f"unknown FunctionResponseTypes {sorted(unknown)}")
    return bool(types)


def _between(value: int, low: int, high: int, where: Where) -> int:
    if not low <= value <= high:
        raise TemplateError(where, f"{value} is not between {low} and {high}")
    return value


def _only(properties: Mapping[str, Any], known: set[str], where: Where) -> None:
    if unknown := set(properties) - known:
        raise TemplateError(
            where, f"{', '.join(sorted(unknown))} would be ignored locally; known are {sorted(known)}"
        )


_EVENTS: Mapping[str, Callable[[Sources, Mapping[str, Any], Where], None]] = {
    "DynamoDB": _stream,
    "HttpApi": _http,
    "SQS": _queue,
    "Schedule": _schedule,
    "ScheduleV2": _schedule,
}
