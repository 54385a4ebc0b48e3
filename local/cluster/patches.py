"""The three kinds of patch that only look at the object: merge, strategic merge, JSON patch. Pure."""

from collections.abc import Sequence
from typing import Any

from local.cluster import errors
from local.cluster.objects import clone
from local.cluster.schema import Path, is_set, patch_key


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def strategic(target: Any, patch: Any, path: Path = ()) -> Any:
    """A merge that knows which lists are maps in disguise (containers by name, …)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    match patch.get("$patch"):
        case "replace":
            return {name: value for name, value in patch.items() if name != "$patch"}
        case "delete":
            return {}
    for name, value in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            field = name.partition("/")[2]
            result[field] = [item for item in result.get(field) or () if item not in value]
        elif name.startswith("$"):
            # $setElementOrder and $retainKeys only steer the order and unions, which we keep as they come.
            continue
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = _strategic_field(result.get(name), value, (*path, name))
    return result


def _strategic_field(current: Any, value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return strategic(current, value, path)
    if not isinstance(value, list):
        return value
    if is_set(path):
        return list(dict.fromkeys([*(current or ()), *value]))
    key = patch_key(path)
    if key is None or not all(isinstance(item, dict) for item in value):
        return value
    return _strategic_list(current or [], value, key, path)


def _strategic_list(current: Sequence[Any], patch: Sequence[Any], key: str, path: Path) -> list[Any]:
    if any(item == {"$patch": "replace"} for item in patch):
        return [item for item in patch if "$patch" not in item]
    items = {item.get(key): item for item in current}
    for item in patch:
        if key not in item:
            raise errors.bad_request(f"map: {item!r} does not contain declared merge key: {key}")
        if item.get("$patch") == "delete":
            items.pop(item[key], None)
        else:
            items[item[key]] = strategic(items.get(item[key]), item, (*path, "[]"))
    return list(items.values())


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902."""
    if not isinstance(operations, list):
        raise errors.bad_request("a JSON patch is a list of operations")
    result = clone(target)
    for operation in operations:
        try:
            result = _operate(result, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise errors.ApiError(
                422,
                "Invalid",
                f"the server rejected our request due to an error in our request: {operation!r}",
            ) from error
    return result


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    path = _pointer(operation["path"])
    match operation["op"]:
        case "test":
            if _read(document, path) != operation["value"]:
                raise ValueError("test failed")
            return document
        case "remove":
            return _without(document, path)
        case "replace":
            return _with(_without(document, path) if path else document, path, operation["value"])
        case "add":
            return _with(document, path, operation["value"])
        case "copy":
            return _with(document, path, clone(_read(document, _pointer(operation["from"]))))
        case "move":
            source = _pointer(operation["from"])
            moved = _read(document, source)
            return _with(_without(document, source), path, moved)
        case other:
            raise ValueError(other)


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(text)
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _read(document: Any, path: Sequence[str]) -> Any:
    for step in path:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def _with(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _read(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else int(last), value)
    else:
        parent[last] = value
    return document


def _without(document: Any, path: Sequence[str]) -> Any:
    parent, last = _read(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent.pop(int(last))
    else:
        del parent[last]
    return document
