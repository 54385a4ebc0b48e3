"""Sets of fields: which leaves an object has, and how `managedFields` writes such a set down. Pure.

A field's path is a tuple of FieldsV1 steps: "f:spec", 'k:{"name":"web"}' for an item of a keyed list,
'v:"x"' for an item of a set. An item of a keyed list is a member itself, besides what it holds.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from local.cluster.objects import Object
from local.cluster.schema import Path, is_atomic, is_set, item_key, list_keys

FieldPath = tuple[str, ...]
Fields = frozenset[FieldPath]

_UNOWNED: Fields = frozenset(
    {("f:apiVersion",), ("f:kind",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in (
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
        )
    }
)


def leaves(item: Object) -> dict[FieldPath, Any]:
    """Every owned field of an object with its value."""
    body = {**item, "metadata": {k: v for k, v in item.get("metadata", {}).items() if k != "managedFields"}}
    return {path: value for path, value in _walk(body, (), ()) if path and path not in _UNOWNED}


def _walk(value: Any, at: FieldPath, path: Path) -> Iterator[tuple[FieldPath, Any]]:
    if isinstance(value, dict) and value and not is_atomic(path):
        for name, child in value.items():
            yield from _walk(child, (*at, f"f:{name}"), (*path, name))
    elif isinstance(value, list) and value and (is_set(path) or list_keys(path)):
        yield from _items(value, at, path)
    elif value is not None and at != ("f:metadata",):
        yield at, value


def _items(value: list[Any], at: FieldPath, path: Path) -> Iterator[tuple[FieldPath, Any]]:
    keys = list_keys(path)
    for child in value:
        if keys is None:
            yield (*at, "v:" + _dump(child)), child
        else:
            inner = (*at, key_step(child, keys))
            yield inner, True
            yield from _walk(child, inner, (*path, "[]"))


def key_step(item: Object, keys: tuple[str, ...]) -> str:
    return "k:" + _dump(dict(zip(keys, item_key(item, keys), strict=True)))


def is_key(path: FieldPath) -> bool:
    """Whether the field tells an item of a list from its neighbours: it goes with the item or not at all."""
    return len(path) > 1 and path[-2].startswith("k:") and path[-1][2:] in json.loads(path[-2][2:])


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def to_v1(fields: Iterable[FieldPath]) -> Object:
    """The nested form of managedFields; "." marks a member that has members below it."""
    root: Object = {}
    for path in sorted(fields, key=len, reverse=True):
        node = root
        for step in path:
            node = node.setdefault(step, {})
        if node:
            node["."] = {}
    return root


def from_v1(nested: Object) -> Fields:
    return frozenset(_members(nested, ()))


def _members(node: Object, at: FieldPath) -> Iterator[FieldPath]:
    if at and (not node or "." in node):
        yield at
    for step, child in node.items():
        if step != ".":
            yield from _members(child, (*at, step))


def changed(before: dict[FieldPath, Any], after: dict[FieldPath, Any]) -> Fields:
    """The fields that are new or have another value."""
    return frozenset(path for path, value in after.items() if path not in before or before[path] != value)


def shown(path: FieldPath) -> str:
    """As messages name a field: .spec.template.spec.containers[name="web"].image"""
    text = ""
    for step in path:
        kind, _, name = step.partition(":")
        if kind == "f":
            text += "." + name
        elif kind == "k":
            text += (
                "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(name).items()) + "]"
            )
        else:
            text += f"[={name}]"
    return text


def without(value: Any, path: FieldPath, at: Path = ()) -> Any:
    """A copy of the object that lacks one field; parents that become empty go with it."""
    step, rest = path[0], path[1:]
    if step.startswith("f:"):
        return _without_field(value, step[2:], rest, at)
    if not isinstance(value, list):
        return value
    if step.startswith("v:"):
        return [item for item in value if "v:" + _dump(item) != step]
    keys = list_keys(at) or ()
    kept = []
    for item in value:
        if key_step(item, keys) != step:
            kept.append(item)
        elif rest:
            kept.append(without(item, rest, (*at, "[]")))
    return kept


def _without_field(value: Any, name: str, rest: FieldPath, at: Path) -> Any:
    if not isinstance(value, dict) or name not in value:
        return value
    if rest:
        child = without(value[name], rest, (*at, name))
        if child or child == value[name]:
            return {**value, name: child}
    return {key: item for key, item in value.items() if key != name}
