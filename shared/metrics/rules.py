"""What is counted, and how a Prometheus page says it. Pure.

Text format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SHARDS = 8
"""Counters lie under so many keys, so that a busy route is not one hot item."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds. Slower requests count in +Inf alone."""


@dataclass(frozen=True)
class RequestCount:
    """Requests of one method, endpoint and status: how many, how long in all, and how many a bucket."""

    method: str
    endpoint: str
    status: str
    count: int
    seconds: float
    buckets: tuple[int, ...] = field(default=(0,) * len(BUCKETS))


@dataclass(frozen=True)
class FunctionGauge:
    namespace: str
    status: str
    value: int


def shard_of(key: str) -> str:
    return str(zlib.crc32(key.encode()) % SHARDS)


def bucket_of(seconds: float) -> int | None:
    """Index of the narrowest bucket that holds it, None beyond the widest."""
    return next((index for index, bound in enumerate(BUCKETS) if seconds <= bound), None)


def gauge_changes(data: Mapping[str, Any]) -> list[FunctionGauge]:
    """How a function's event moves the count of functions by status."""
    before, after = data.get("previous_status"), data.get("status")
    if before == after:
        return []
    moves = [(before, -1), (after, 1)]
    return [FunctionGauge(data["namespace"], status, change) for status, change in moves if status]


def merged_gauges(changes: Iterable[FunctionGauge]) -> list[FunctionGauge]:
    """One change a series, and none for a series that ends where it began."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for change in changes:
        totals[change.namespace, change.status] += change.value
    return [FunctionGauge(*series, value) for series, value in sorted(totals.items()) if value]


def page(requests: Iterable[RequestCount], gauges: Iterable[FunctionGauge]) -> str:
    """The whole page. Requests appear under the names of both documents that ask for them."""
    merged = _merged(requests)
    lines: list[str] = []
    for prefix in ("eventflow_api_requests", "http_requests"):
        lines += _family(f"{prefix}_total", "counter", "Total number of API requests")
        lines += [_sample(f"{prefix}_total", _request_labels(row), row.count) for row in merged]
    for name in ("eventflow_api_request_duration_seconds", "http_request_duration_seconds"):
        lines += _family(name, "histogram", "API request duration in seconds")
        lines += _histograms(name, merged)
    lines += _family("eventflow_functions_total", "gauge", "Total number of functions")
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for gauge in gauges:
        totals[gauge.namespace, gauge.status] += gauge.value
    lines += [
        _sample("eventflow_functions_total", {"namespace": namespace, "status": status}, max(0, value))
        for (namespace, status), value in sorted(totals.items())
    ]
    return "\n".join(lines) + "\n"


def _merged(requests: Iterable[RequestCount]) -> list[RequestCount]:
    groups: dict[tuple[str, str, str], list[RequestCount]] = defaultdict(list)
    for row in requests:
        groups[row.endpoint, row.method, row.status].append(row)
    return [
        RequestCount(
            method=method,
            endpoint=endpoint,
            status=status,
            count=sum(row.count for row in rows),
            seconds=sum(row.seconds for row in rows),
            buckets=tuple(sum(column) for column in zip(*(row.buckets for row in rows), strict=True)),
        )
        for (endpoint, method, status), rows in sorted(groups.items())
    ]


def _histograms(name: str, rows: Iterable[RequestCount]) -> Iterator[str]:
    by_route: dict[tuple[str, str], list[RequestCount]] = defaultdict(list)
    for row in rows:
        by_route[row.method, row.endpoint].append(row)
    for (method, endpoint), members in by_route.items():
        labels = {"method": method, "endpoint": endpoint}
        below = 0
        for index, bound in enumerate(BUCKETS):
            below += sum(row.buckets[index] for row in members)
            yield _sample(f"{name}_bucket", {**labels, "le": f"{bound:g}"}, below)
        count = sum(row.count for row in members)
        yield _sample(f"{name}_bucket", {**labels, "le": "+Inf"}, count)
        yield _sample(f"{name}_sum", labels, round(sum(row.seconds for row in members), 6))
        yield _sample(f"{name}_count", labels, count)


def _family(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _request_labels(row: RequestCount) -> dict[str, str]:
    return {"method": row.method, "endpoint": row.endpoint, "status": row.status}


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inner}}} {value:g}" if isinstance(value, float) else f"{name}{{{inner}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
