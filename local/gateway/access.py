"""The access log: one line of JSON a request, without what should not be kept."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote

_SECRET_NAME = re.compile(r"auth|code|cookie|credential|key|passw|secret|session|sig|token", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"eyJ[\w-]+\.|[\w+/=-]{32,}")


class AccessLog:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, now: datetime, **entry: object) -> None:
        line = {"time": now.astimezone(UTC).isoformat(timespec="milliseconds"), **entry}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


def target_of(raw_path: str, query: str) -> str:
    """Path and query as they may be logged: a value that is, or looks like, a secret becomes ***."""
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = "&".join(f"{quote(name)}={_shown(name, value)}" for name, value in pairs)
    return f"{raw_path}?{shown}" if shown else raw_path


def _shown(name: str, value: str) -> str:
    return "***" if _SECRET_NAME.search(name) or _SECRET_VALUE.search(value) else quote(value)
