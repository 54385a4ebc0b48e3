"""What a path of the API names. Pure."""

from dataclasses import dataclass

from local.cluster import errors
from local.cluster.objects import Key
from local.cluster.resources import BY_PATH, NAMESPACES, Kind


@dataclass(frozen=True)
class Target:
    kind: Kind
    namespace: str | None  # None: all namespaces, or a kind of the whole cluster
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        return self.namespace or "", self.name


def parse(path: str) -> Target:
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            raise errors.no_such_path()
    target = _resource(group, version, rest)
    if target.subresource and target.subresource not in target.kind.subresources:
        raise errors.no_such_path()
    return target


def _resource(group: str, version: str, rest: list[str]) -> Target:
    if len(rest) >= 3 and rest[0] == NAMESPACES.plural and (group or rest[2] not in NAMESPACES.subresources):
        kind = BY_PATH.get((group, version, rest[2]))
        if kind is not None and kind.namespaced and len(rest) <= 5:
            return Target(kind, rest[1], *rest[3:])
        raise errors.no_such_path()
    kind = BY_PATH.get((group, version, rest[0])) if rest else None
    if kind is None or len(rest) > 3 or (kind.namespaced and len(rest) > 1):
        raise errors.no_such_path()
    return Target(kind, None, *rest[1:])
