"""The only place of the emulator that reads the clock and makes ids."""

import secrets
import time
import uuid
from datetime import UTC, datetime

from local.cluster.objects import rfc3339

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # as the real one: without vowels, so that no suffix is a word


def now() -> datetime:
    return datetime.now(UTC)


def timestamp() -> str:
    return rfc3339(now())


def nanos() -> int:
    return time.time_ns()


def new_uid() -> str:
    return str(uuid.uuid4())


def suffix(length: int = 5) -> str:
    return "".join(secrets.choice(_SUFFIX) for _ in range(length))
