"""Whether the platform can work: each dependency is asked, all at once, and the slowest bounds the answer."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from shared import aws
from shared.cluster.connection import cluster
from shared.config import settings
from shared.errors import Unavailable
from shared.health.models import ReadyView
from shared.logs import log
from shared.store import client


def ready() -> ReadyView:
    failures = failing(_PROBES)
    if failures:
        named = "; ".join(f"{name} does not answer ({reason})" for name, reason in failures.items())
        raise Unavailable(f"not ready: {named}", retry_after=5)
    return ReadyView(status="ready", checks=dict.fromkeys(_PROBES, "ok"))


def failing(probes: Mapping[str, Callable[[], object]]) -> dict[str, str]:
    """The probes that fail, and why in a word: the details stay in the log."""

    def attempt(name: str) -> str | None:
        try:
            probes[name]()
        except Exception as error:  # noqa: BLE001  # a probe reports whatever goes wrong
            log.warning("dependency does not answer", dependency=name, exc_info=error)
            return type(error.__cause__ or error).__name__
        return None

    with ThreadPoolExecutor(len(probes)) as pool:
        reasons = dict(zip(probes, pool.map(attempt, probes), strict=True))
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _database() -> None:
    client().get_item(TableName=settings().control_table, Key={"key": {"S": "readiness"}})


def _queue() -> None:
    queue = {"QueueUrl": settings().work_queue_url, "AttributeNames": ["QueueArn"]}
    aws.call("sqs", "GetQueueAttributes", queue)


def _secrets() -> None:
    aws.secret(settings().signing_secret)


def _cluster() -> None:
    cluster().version()


_PROBES: dict[str, Callable[[], object]] = {
    "database": _database,
    "queue": _queue,
    "secrets": _secrets,
    "cluster": _cluster,
}
