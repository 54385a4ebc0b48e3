"""How far each function has read each shard, kept in a file: a new deployment does not start again.

A stream's ARN holds the time of its creation, so positions in a stream that is gone do no harm.
"""

import json
from pathlib import Path


class Checkpoints:
    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._positions: dict[str, str] = {}
        if path is not None and path.is_file():
            self._positions = json.loads(path.read_text(encoding="utf-8"))

    def get(self, function: str, stream: str, shard: str) -> str | None:
        return self._positions.get(_key(function, stream, shard))

    def put(self, function: str, stream: str, shard: str, number: str) -> None:
        self._positions[_key(function, stream, shard)] = number
        self._save()

    def forget(self, function: str, stream: str, shard: str) -> None:
        if self._positions.pop(_key(function, stream, shard), None) is not None:
            self._save()

    def _save(self) -> None:
        if self._path is not None:
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self._positions), encoding="utf-8")
            fresh.replace(self._path)


def _key(function: str, stream: str, shard: str) -> str:
    return f"{function} {stream} {shard}"
