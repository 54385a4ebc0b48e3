"""Pod specs that no cluster accepts. Pure."""

import re
from typing import Any

from local.cluster import quantities
from local.cluster.admission.causes import (
    Causes,
    duplicate,
    forbidden,
    not_found,
    required,
    unsupported,
    wrong,
)
from local.cluster.admission.names import label_name
from local.cluster.objects import Object, dig

_VARIABLE = re.compile(r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")
_VARIABLE_RULE = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', "
    "and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used "
    "for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
)
_SOURCES = frozenset(
    {"configMap", "secret", "emptyDir", "downwardAPI", "projected", "hostPath", "persistentVolumeClaim"}
)
_UPDATE_RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
    "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)


def pod_spec(spec: Object, at: str, policies: tuple[str, ...]) -> Causes:
    """`policies` are the restart policies that the owner allows."""
    if spec.get("restartPolicy") not in policies:
        yield unsupported(f"{at}.restartPolicy", spec.get("restartPolicy"), *policies)
    if not spec.get("containers"):
        yield required(f"{at}.containers")
    names = {volume.get("name") for volume in spec.get("volumes") or ()}
    seen: set[str] = set()
    for group in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(group) or ()):
            where = f"{at}.{group}[{index}]"
            yield from _identity(container, where, seen)
            yield from _environment(container, where)
            yield from _mounts(container, where, names)
            yield from _resources(container, where)
    yield from _volumes(spec, at)
    if (seconds := spec.get("activeDeadlineSeconds")) is not None and seconds < 1:
        yield wrong(f"{at}.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647, inclusive")


def _identity(container: Object, at: str, seen: set[str]) -> Causes:
    name = container.get("name", "")
    if not name:
        yield required(f"{at}.name")
    elif name in seen:
        yield duplicate(f"{at}.name", name)
    else:
        yield from label_name(f"{at}.name", name)
    seen.add(name)
    if not container.get("image"):
        yield required(f"{at}.image")


def _environment(container: Object, at: str) -> Causes:
    for index, variable in enumerate(container.get("env") or ()):
        where = f"{at}.env[{index}]"
        name = variable.get("name") or ""
        if not name:
            yield required(f"{where}.name")
        elif not _VARIABLE.match(name):
            yield wrong(f"{where}.name", name, _VARIABLE_RULE)
        if variable.get("value") and variable.get("valueFrom"):
            yield wrong(f"{where}.valueFrom", "", "may not be specified when `value` is not empty")


def _mounts(container: Object, at: str, volumes: set[Any]) -> Causes:
    taken: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        where = f"{at}.volumeMounts[{index}]"
        path = mount.get("mountPath") or ""
        if mount.get("name") not in volumes:
            yield not_found(f"{where}.name", str(mount.get("name")))
        if not path:
            yield required(f"{where}.mountPath")
        elif path in taken:
            yield wrong(f"{where}.mountPath", path, "must be unique")
        taken.add(path)


def _resources(container: Object, at: str) -> Causes:
    limits = dig(container, "resources", "limits", default={})
    for part in ("limits", "requests"):
        for name, value in dig(container, "resources", part, default={}).items():
            where = f"{at}.resources.{part}[{name}]"
            if not quantities.valid(value):
                yield wrong(where, value, "quantities must match the regular expression "
                            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")  # fmt: skip
            elif quantities.parse(value) < 0:
                yield wrong(where, value, "must be greater than or equal to 0")
            elif part == "requests" and quantities.parse(value) > quantities.parse(limits.get(name, value)):
                why = f"must be less than or equal to {name} limit of {limits[name]}"
                yield wrong(f"{at}.resources.requests", value, why)


def _volumes(spec: Object, at: str) -> Causes:
    seen: set[str] = set()
    for index, volume in enumerate(spec.get("volumes") or ()):
        where = f"{at}.volumes[{index}]"
        name = volume.get("name") or ""
        if not name:
            yield required(f"{where}.name")
        elif name in seen:
            yield duplicate(f"{where}.name", name)
        seen.add(name)
        if _SOURCES.isdisjoint(volume):
            yield required(where, "must specify a volume type")


def update(before: Object, after: Object) -> Causes:
    if _fixed(before) != _fixed(after):
        yield forbidden("spec", _UPDATE_RULE)


def _fixed(spec: Object) -> Object:
    kept = {key: value for key, value in spec.items() if key not in ("activeDeadlineSeconds", "tolerations")}
    for group in ("containers", "initContainers"):
        kept[group] = [{k: v for k, v in each.items() if k != "image"} for each in spec.get(group) or ()]
    return kept
