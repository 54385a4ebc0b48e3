"""The environment, arguments and folders of a container, from its spec and the objects it refers to."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.cluster.objects import Key, Object, dig
from local.cluster.resources import CONFIG_MAPS, SECRETS, Kind

Lookup = Callable[[Kind, Key], Object | None]

_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
_SUBSCRIPT = re.compile(r"^metadata\.(labels|annotations)\['([^']+)'\]$")


class Missing(Exception):
    """A ConfigMap, a Secret or one of its keys is not there (yet)."""


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """$(NAME) becomes the variable's value, $$ a dollar sign; an unknown name stays as it is."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        return "$" if name is None else variables.get(name, found.group(0))

    return _REFERENCE.sub(value, text)


def relocated(text: str, mounts: Mapping[str, str]) -> str:
    """A path below a mount becomes the real path on this machine.

    Local processes share the machine's file system, so that nothing can be mounted at /var/run/x for one of
    them. Its content lies in the pod's own folder instead, and environment values, command and args that
    begin with the mount path are rewritten to point there.
    """
    for mount in sorted(mounts, key=len, reverse=True):
        if text == mount or text.startswith(mount.rstrip("/") + "/"):
            return mounts[mount] + text[len(mount.rstrip("/")) :]
    return text


def variables(pod: Object, container: Object, ip: str, lookup: Lookup) -> dict[str, str]:
    """The container's env as the pod's spec says; raises Missing."""
    found: dict[str, str] = {}
    namespace = pod["metadata"]["namespace"]
    for source in container.get("envFrom") or ():
        prefix = source.get("prefix", "")
        for kind, name in ((CONFIG_MAPS, "configMapRef"), (SECRETS, "secretRef")):
            if reference := source.get(name):
                content = contents(
                    kind, (namespace, reference.get("name", "")), lookup, reference.get("optional")
                )
                found |= {prefix + key: value.decode(errors="replace") for key, value in content.items()}
    for variable in container.get("env") or ():
        if (source := variable.get("valueFrom")) is None:
            found[variable["name"]] = expanded(variable.get("value") or "", found)
        elif (value := _from(source, pod, container, ip, lookup)) is not None:
            found[variable["name"]] = value
    return found


def _from(source: Object, pod: Object, container: Object, ip: str, lookup: Lookup) -> str | None:
    for kind, name in ((CONFIG_MAPS, "configMapKeyRef"), (SECRETS, "secretKeyRef")):
        if (reference := source.get(name)) is not None:
            key, optional = (
                (pod["metadata"]["namespace"], reference.get("name", "")),
                reference.get("optional"),
            )
            content = contents(kind, key, lookup, optional)
            if reference["key"] in content:
                return content[reference["key"]].decode(errors="replace")
            if optional:
                return None
            raise Missing(f"couldn't find key {reference['key']} in {kind.kind} {key[0]}/{key[1]}")
    if (reference := source.get("fieldRef")) is not None:
        return field(pod, reference["fieldPath"], ip)
    if (reference := source.get("resourceFieldRef")) is not None:
        return str(dig(container, "resources", *reference["resource"].split(".", 1), default=""))
    raise Missing("valueFrom names no source")


def field(pod: Object, path: str, ip: str) -> str:
    """A field of the pod for the downward API."""
    if found := _SUBSCRIPT.match(path):
        return str(dig(pod, "metadata", *found.groups(), default=""))
    match path:
        case "status.podIP" | "status.podIPs":
            return ip
        case "status.hostIP":
            return "127.0.0.1"
        case "metadata.labels" | "metadata.annotations":
            pairs = dig(pod, *path.split("."), default={})
            return "\n".join(f"{name}={json.dumps(value)}" for name, value in sorted(pairs.items()))
    return str(dig(pod, *path.split("."), default=""))


def contents(kind: Kind, key: Key, lookup: Lookup, optional: Any = None) -> dict[str, bytes]:
    """What a ConfigMap or Secret holds; raises Missing."""
    item = lookup(kind, key)
    if item is None:
        if optional:
            return {}
        raise Missing(f'{kind.kind.lower()} "{key[1]}" not found')
    plain = (
        {} if kind is SECRETS else {name: value.encode() for name, value in (item.get("data") or {}).items()}
    )
    coded = item.get("data" if kind is SECRETS else "binaryData") or {}
    return plain | {name: base64.b64decode(value) for name, value in coded.items()}


def files_of(volume: Object, pod: Object, ip: str, lookup: Lookup) -> dict[str, bytes]:
    """The files of a volume that has a source; an emptyDir has none. Raises Missing."""
    for kind, name, named in ((CONFIG_MAPS, "configMap", "name"), (SECRETS, "secret", "secretName")):
        if (source := volume.get(name)) is not None:
            # A projected source of a secret says "name" where a volume says "secretName".
            key = pod["metadata"]["namespace"], source.get(named) or source.get("name", "")
            return _selected(contents(kind, key, lookup, source.get("optional")), source.get("items"), key[1])
    if (source := volume.get("downwardAPI")) is not None:
        return {
            item["path"]: field(pod, dig(item, "fieldRef", "fieldPath", default=""), ip).encode()
            for item in source.get("items") or ()
        }
    if (source := volume.get("projected")) is not None:
        found: dict[str, bytes] = {}
        for part in source.get("sources") or ():
            found |= files_of(part, pod, ip, lookup)
        return found
    return {}


def _selected(content: dict[str, bytes], items: list[Object] | None, name: str) -> dict[str, bytes]:
    if not items:
        return content
    for item in items:
        if item["key"] not in content:
            raise Missing(f"references non-existent config key: {item['key']} of {name}")
    return {item["path"]: content[item["key"]] for item in items}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Lay the files of a volume down; a path that would leave the folder is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Missing(f"path {name} leaves its volume")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def mounts_of(container: Object, volumes: Path) -> dict[str, str]:
    """Mount path → folder or file of this machine."""
    return {
        mount["mountPath"]: str(volumes / mount["name"] / (mount.get("subPath") or ""))
        for mount in container.get("volumeMounts") or ()
    }
