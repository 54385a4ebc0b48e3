"""As much of OpenAPI as kubectl asks before it writes: which kinds check unknown fields on the server."""

from local.cluster.objects import Object
from local.cluster.resources import BY_PATH, GROUPS, Kind

_CHECKED = {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}


def document(path: str) -> Object | None:
    """The document at this path, None where there is none."""
    places = {_place(group, version): (group, version) for group, version in GROUPS}
    if path == "/openapi/v3":
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}"} for place in places}}
    found = places.get(path.removeprefix("/openapi/v3/"))
    return None if found is None or not path.startswith("/openapi/v3/") else _group(*found)


def _place(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _group(group: str, version: str) -> Object:
    kinds = [kind for place, kind in BY_PATH.items() if place[:2] == (group, version)]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.32.0"},
        "paths": {_path(kind): {"patch": _operation(kind), "post": _operation(kind)} for kind in kinds},
        "components": {"schemas": {}},
    }


def _path(kind: Kind) -> str:
    space = "/namespaces/{namespace}" if kind.namespaced else ""
    return f"/{_place(kind.group, kind.version)}{space}/{kind.plural}/{{name}}"


def _operation(kind: Kind) -> Object:
    return {
        "parameters": [_CHECKED],
        "responses": {},
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
