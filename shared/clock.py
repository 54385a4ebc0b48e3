"""The only place that reads the clock and makes ids; everywhere else they come in as values."""

import re
import secrets
import time
import uuid
from datetime import UTC, datetime

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(74))


def uuid7(unix_ms: int, randomness: int) -> str:
    """A UUID that sorts by time: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    high, low = (randomness >> 62) & 0xFFF, randomness & ((1 << 62) - 1)
    return str(uuid.UUID(int=(unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


def is_id(text: str) -> bool:
    """Whether it could be an id of ours: what is none needs no look into a table."""
    return _ID.fullmatch(text) is not None


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds. Fixed width, so that strings sort as their moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)
