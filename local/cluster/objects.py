"""What every room needs to read a Kubernetes object: JSON in plain dictionaries.

Objects inside the store are shared, so nobody changes one in place: writers build a new one.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str]  # namespace ("" for kinds of the whole cluster), name


def clone(value: Any) -> Any:
    """A deep copy of JSON; several times faster than copy.deepcopy."""
    if type(value) is dict:
        return {key: clone(item) for key, item in value.items()}
    if type(value) is list:
        return [clone(item) for item in value]
    return value


def dig(value: Any, *path: str | int, default: Any = None) -> Any:
    """The value at a path, or the default where any step is missing or null."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return default
        if value is None:
            return default
    return value


def replaced(value: Object, path: tuple[str, ...], new: Any) -> Object:
    """A copy that differs at one path; everything beside the path is shared with the original."""
    first, *rest = path
    return {**value, first: replaced(value.get(first) or {}, tuple(rest), new) if rest else new}


def key_of(item: Object) -> Key:
    meta = item["metadata"]
    return meta.get("namespace", ""), meta["name"]


def uid_of(item: Object) -> str:
    uid: str = item["metadata"]["uid"]
    return uid


def labels_of(item: Object) -> dict[str, str]:
    labels: dict[str, str] = dig(item, "metadata", "labels", default={})
    return labels


def annotations_of(item: Object) -> dict[str, str]:
    annotations: dict[str, str] = dig(item, "metadata", "annotations", default={})
    return annotations


def annotated(item: Object, notes: dict[str, str]) -> Object:
    return replaced(item, ("metadata", "annotations"), {**annotations_of(item), **notes}) if notes else item


def terminating(item: Object) -> bool:
    return "deletionTimestamp" in item["metadata"]


def controller_of(item: Object) -> Object | None:
    """The owner that manages this object, as its owner reference."""
    owners: Iterable[Object] = item["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def rfc3339(moment: datetime) -> str:
    """Kubernetes keeps whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
