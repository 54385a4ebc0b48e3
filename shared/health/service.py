"""Whether the platform can work: each dependency is asked, all at once, and given a few seconds to answer."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from shared import aws
from shared.cluster.connection import cluster
from shared.config import settings
from shared.errors import Unavailable
from shared.health.models import ReadyView
from shared.logs import log
from shared.store import client

Probes = Mapping[str, Callable[[], object]]

PATIENCE = 4.0
"""Seconds. Less than this handler may take, and than most who probe are ready to wait."""


def ready() -> ReadyView:
    failures = failing(_PROBES)
    if failures:
        named = "; ".join(f"{name} does not answer ({reason})" for name, reason in failures.items())
        raise Unavailable(f"not ready: {named}", retry_after=5)
    return ReadyView(status="ready", checks=dict.fromkeys(_PROBES, "ok"))


def failing(probes: Probes, *, seconds: float = PATIENCE) -> dict[str, str]:
    """The probes that fail, and why in a word: the details stay in the log. One that hangs has failed."""
    pool = ThreadPoolExecutor(len(probes))
    asked = {name: pool.submit(_attempt, name, probe) for name, probe in probes.items()}
    wait(asked.values(), timeout=seconds)
    pool.shutdown(wait=False)
    reasons = {name: answer.result() if answer.done() else "Timeout" for name, answer in asked.items()}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _attempt(name: str, probe: Callable[[], object]) -> str | None:
    try:
        probe()
    except Exception as error:  # noqa: BLE001  # a probe reports whatever goes wrong
        log.warning("dependency does not answer", dependency=name, exc_info=error)
        return type(error.__cause__ or error).__name__
    return None


def _database() -> None:
    client().get_item(TableName=settings().control_table, Key={"key": {"S": "readiness"}})


def _queue() -> None:
    queue = {"QueueUrl": settings().work_queue_url, "AttributeNames": ["QueueArn"]}
    aws.call("sqs", "GetQueueAttributes", queue)


def _secrets() -> None:
    aws.secret(settings().signing_secret)


def _cluster() -> None:
    cluster().version()


_PROBES: Probes = {
    "database": _database,
    "queue": _queue,
    "secrets": _secrets,
    "cluster": _cluster,
}
