"""What the server says it can do. Clients look here before anything else."""

from local.cluster.objects import Object
from local.cluster.resources import GROUPS, KINDS, Kind

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCE_VERBS = {"log": ["get"], "finalize": ["update"]}
_SUBRESOURCE_KINDS = {"scale": {"group": "autoscaling", "version": "v1", "kind": "Scale"}}

VERSION: Object = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0+eventflow-emulator",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2024-12-11T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "emulator",
}


def document(path: str) -> Object | None:
    """The discovery document at this path, None where there is none."""
    parts = tuple(part for part in path.split("/") if part)
    match parts:
        case ("version",):
            return VERSION
        case ("api",):
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ("apis",):
            groups = [_group(group) for group in dict(GROUPS) if group]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ("apis", group) if group and group in dict(GROUPS):
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ("api", version) if ("", version) in GROUPS:
            return _resources("", version)
        case ("apis", group, version) if group and (group, version) in GROUPS:
            return _resources(group, version)
    return None


def _group(name: str) -> Object:
    versions = [
        {"groupVersion": f"{group}/{version}", "version": version}
        for group, version in GROUPS
        if group == name
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(group: str, version: str) -> Object:
    kinds = [kind for kind in KINDS if (kind.group, kind.version) == (group, version)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": [entry for kind in kinds for entry in _entries(kind)],
    }


def _entries(kind: Kind) -> list[Object]:
    main: Object = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": ["get", "list", "watch"] if kind.read_only else _VERBS,
    }
    if kind.short:
        main["shortNames"] = list(kind.short)
    if kind.categories:
        main["categories"] = list(kind.categories)
    below = [
        {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            **_SUBRESOURCE_KINDS.get(name, {"kind": kind.kind}),
            "verbs": _SUBRESOURCE_VERBS.get(name, ["get", "patch", "update"]),
        }
        for name in kind.subresources
    ]
    return [main, *below]
