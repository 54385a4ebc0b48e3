"""How the lists and maps of an object merge: what the OpenAPI of a real cluster says as list and map types.

Everything not named here is granular for maps and atomic (replaced as a whole) for lists.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Path = tuple[str, ...]  # names of fields only; a step into a list's item is "[]"

# A field's name, or its parent's name and its own → the keys that tell two items apart.
_KEYED: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "podIPs": ("ip",),
    "hostIPs": ("ip",),
    "[].ports": ("containerPort", "protocol"),
    "spec.ports": ("port", "protocol"),
    "metadata.secrets": ("name",),
    "status.addresses": ("type",),
}
_SETS = frozenset({"metadata.finalizers"})

# Maps that one manager owns as a whole.
_ATOMIC = frozenset(
    {
        "spec.selector",
        "nodeSelector",
        "podSelector",
        "labelSelector",
        "secretKeyRef",
        "configMapKeyRef",
        "fieldRef",
        "resourceFieldRef",
        "scopeSelector",
        "involvedObject",
        "requiredDuringSchedulingIgnoredDuringExecution",
    }
)

# The server fills these before it looks at a key.
_KEY_DEFAULTS: Mapping[str, Any] = MappingProxyType({"protocol": "TCP"})

# Strategic merge patches tell items apart by fewer keys than server-side apply does.
_PATCH_KEYS: dict[tuple[str, ...], str] = {
    ("containerPort", "protocol"): "containerPort",
    ("port", "protocol"): "port",
    ("topologyKey", "whenUnsatisfiable"): "topologyKey",
}


def _named(path: Path) -> tuple[str, str]:
    return path[-1], ".".join(path[-2:])


def list_keys(path: Path) -> tuple[str, ...] | None:
    """The keys of the list of maps at this path, or None where it is no such list."""
    # A NetworkPolicy's rules have ports too, without a key.
    if "ingress" in path or "egress" in path:
        return None
    name, pair = _named(path)
    return _KEYED.get(pair) or _KEYED.get(name)


def is_set(path: Path) -> bool:
    return _named(path)[1] in _SETS


def is_atomic(path: Path) -> bool:
    return not _ATOMIC.isdisjoint(_named(path)) if path else False


def item_key(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key, _KEY_DEFAULTS.get(key)) for key in keys)


def patch_key(path: Path) -> str | None:
    keys = list_keys(path)
    return None if keys is None else _PATCH_KEYS.get(keys, keys[0])
