"""Counting requests and functions, and the page that Prometheus reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.aws import AwsError
from shared.logs import log
from shared.metrics import rules, store


def count_request(method: str, endpoint: str, status: int, seconds: float, *, key: str) -> None:
    """`key` spreads the counters. A counter that cannot be written costs a log line, not the answer."""
    try:
        store.add_request(method, endpoint, status, seconds, key=key)
    except AwsError as error:
        log.warning("request not counted", endpoint=endpoint, reason=str(error))


def count_function_event(event_id: str, data: Mapping[str, Any], *, now: datetime) -> None:
    changes = rules.gauge_changes(data)
    if changes:
        store.move_gauges(changes, event_id=event_id, now=now)


def page() -> str:
    requests, gauges = store.everything()
    return rules.page(requests, gauges)
