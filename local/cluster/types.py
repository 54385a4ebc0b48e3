"""Whether a body has only fields that its kind has, each of the right type. Pure.

A real API server cannot even read `value: 1` where a string belongs, and drops fields that it does not know.
Without this, a manifest could work here and nowhere else.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.cluster import quantities
from local.cluster.errors import ApiError, bad_request
from local.cluster.objects import Object
from local.cluster.resources import Kind

_GENERIC = re.compile(r"^(List|Dict)\[(?:str, )?(.+)\]$")
_GO = {"str": "string", "int": "int32", "bool": "bool", "datetime": "string", "bytes": "[]byte"}
_PYTHON: dict[str, type] = {"str": str, "int": int, "bool": bool, "datetime": str, "bytes": str}
_JSON = {str: "string", int: "number", float: "number", bool: "bool", list: "array", dict: "object"}
_QUANTITIES = frozenset({"limits", "requests", "hard", "used", "capacity", "allocatable", "max", "min"}) | {
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
    "overhead",
    "sizeLimit",
    "divisor",
}


@dataclass(frozen=True)
class Problem:
    """A field that does not belong; `mismatch` when it does, but has another type."""

    path: str
    mismatch: str = ""


@cache
def _extract() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    extract = json.loads(Path(__file__).with_name("types.json").read_text())
    return extract["kinds"], extract["types"]


def read(kind: Kind, body: Object, *, strict: bool) -> Object:
    """The body as a real server reads it: unknown fields are dropped, or refused when asked to be strict."""
    shaped, problems = _shaped(kind, body)
    for problem in problems:
        if problem.mismatch:
            raise bad_request(
                f'{kind.kind} in version "{kind.api_version}" cannot be handled as a {kind.kind}: '
                f"json: {problem.mismatch}"
            )
    if problems and strict:
        named = ", ".join(f'unknown field "{problem.path}"' for problem in problems)
        raise bad_request(
            f'{kind.kind} in version "{kind.api_version}" cannot be handled as a {kind.kind}: '
            f"strict decoding error: {named}"
        )
    return shaped


def read_applied(kind: Kind, body: Object) -> Object:
    """An applied configuration; server-side apply takes no unknown field, and says so with a 500."""
    shaped, problems = _shaped(kind, body)
    if problems:
        first = problems[0]
        why = first.mismatch or "field not declared in schema"
        meta = body.get("metadata") or {}
        where = "/".join(filter(None, (meta.get("namespace", ""), meta.get("name", ""))))
        message = (
            f"failed to create typed patch object ({where}; {kind.api_version}, Kind={kind.kind}): "
            f".{first.path}: {why}"
        )
        raise ApiError(500, "InternalError", f"Internal error occurred: {message}")
    return shaped


def _shaped(kind: Kind, body: Object) -> tuple[Object, list[Problem]]:
    kinds, _ = _extract()
    problems: list[Problem] = []
    shaped = _value(body, kinds[f"{kind.api_version} {kind.kind}"], "", problems, "")
    return (shaped if isinstance(shaped, dict) else {}), problems


def _value(value: Any, declared: str, path: str, problems: list[Problem], owner: str) -> Any:
    if value is None or declared == "object":
        return value
    if generic := _GENERIC.match(declared):
        return _collection(value, generic, path, problems, owner)
    if declared in _PYTHON:
        return _scalar(value, declared, path, problems, owner)
    if not isinstance(value, dict):
        problems.append(_mismatch(value, path, owner, declared.removeprefix("V1")))
        return value
    _, types = _extract()
    fields = types[declared]
    shaped: Object = {}
    for name, child in value.items():
        below = f"{path}.{name}" if path else name
        if name not in fields:
            problems.append(Problem(below))
        elif child is not None:
            shaped[name] = _value(child, fields[name], below, problems, declared.removeprefix("V1"))
    return shaped


def _collection(value: Any, generic: re.Match[str], path: str, problems: list[Problem], owner: str) -> Any:
    shape, inner = generic.groups()
    if shape == "List" and isinstance(value, list):
        pairs: Iterator[tuple[int, Any]] = iter(enumerate(value))
        return [_value(child, inner, f"{path}[{index}]", problems, owner) for index, child in pairs]
    if shape == "Dict" and isinstance(value, dict):
        if _last(path) in _QUANTITIES:
            return {name: quantities.canonical(child) for name, child in value.items()}
        return {
            name: _value(child, inner, f"{path}.{name}", problems, owner) for name, child in value.items()
        }
    go = ("[]" if shape == "List" else "map[string]") + _GO.get(inner, inner.removeprefix("V1"))
    problems.append(_mismatch(value, path, owner, go))
    return value


def _scalar(value: Any, declared: str, path: str, problems: list[Problem], owner: str) -> Any:
    if _last(path) in _QUANTITIES and declared == "str":
        return quantities.canonical(value)
    if not isinstance(value, _PYTHON[declared]) or (declared == "int" and isinstance(value, bool)):
        problems.append(_mismatch(value, path, owner, _GO[declared]))
    return value


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _mismatch(value: Any, path: str, owner: str, go: str) -> Problem:
    plain = re.sub(r"\[\d+\]", "", path)
    said = _JSON.get(type(value), "value")
    return Problem(path, f"cannot unmarshal {said} into Go struct field {owner}.{plain} of type {go}")
