"""Counting requests and functions, and the page that Prometheus reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.aws import AwsError
from shared.logs import log
from shared.metrics import rules, store
from shared.metrics.rules import FunctionGauge


def count_request(method: str, endpoint: str, status: int, seconds: float, *, key: str) -> None:
    """`key` spreads the counters. A counter that cannot be written costs a log line, not the answer."""
    try:
        store.add_request(method, endpoint, status, seconds, key=key)
    except AwsError as error:
        log.warning("request not counted", endpoint=endpoint, reason=str(error))


def count_functions(moves: Mapping[str, Sequence[FunctionGauge]], *, now: datetime) -> None:
    """Applies what events (by id) do to the counters, each once, however often it is delivered.

    All in one transaction; if one of them was counted before, each in its own.
    """
    if store.move_gauges(moves, now=now):
        return
    for event_id, gauges in moves.items():
        store.move_gauges({event_id: gauges}, now=now)


def page() -> str:
    requests, gauges = store.everything()
    return rules.page(requests, gauges)
