"""LimitRanges: what containers get that ask for nothing, and the most that they may ask for. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from local.cluster import quantities
from local.cluster.objects import Object, dig

_PARTS = (("limits", "default"), ("requests", "defaultRequest"))
_BOUNDS = (("maximum", "max", "limits", "limit"), ("minimum", "min", "requests", "request"))


def filled(ranges: Sequence[Object], pod: Object) -> Object:
    """The pod with the namespace's defaults for its containers."""
    items = [item for each in ranges for item in _items(each, "Container")]
    if not items:
        return pod
    spec = dict(pod["spec"])
    for group in ("initContainers", "containers"):
        if spec.get(group):
            spec[group] = [_container(items, each) for each in spec[group]]
    return {**pod, "spec": spec}


def _items(limit_range: Object, kind: str) -> list[Object]:
    return [item for item in dig(limit_range, "spec", "limits", default=[]) if item.get("type") == kind]


def _container(items: Sequence[Object], container: Object) -> Object:
    resources = dict(container.get("resources") or {})
    for item in items:
        for part, defaults in _PARTS:
            if given := item.get(defaults):
                resources[part] = {**given, **(resources.get(part) or {})}
    return {**container, "resources": resources}


def violations(ranges: Sequence[Object], pod: Object) -> list[str]:
    """What the pod asks for beyond its namespace's limits, in the words of the real server."""
    found: list[str] = []
    containers = pod["spec"]["containers"]
    for each in ranges:
        for item in _items(each, "Container"):
            for container in (*(pod["spec"].get("initContainers") or ()), *containers):
                found += _beyond(item, "Container", container.get("resources") or {})
        for item in _items(each, "Pod"):
            found += _beyond(item, "Pod", _total(containers))
    return list(dict.fromkeys(found))


def _total(containers: Sequence[Object]) -> Object:
    """The pod's resources, of those that all its containers state."""
    total: Object = {}
    for part in ("limits", "requests"):
        given = [dig(each, "resources", part, default={}) for each in containers]
        common = set.intersection(*(set(each) for each in given)) if given else set()
        total[part] = {
            name: quantities.shown(
                sum((quantities.parse(each[name]) for each in given), Decimal(0)), str(given[0][name])
            )
            for name in sorted(common)
        }
    return total


def _beyond(item: Object, kind: str, resources: Object) -> Iterator[str]:
    for word, bound, part, said in _BOUNDS:
        for name, edge in (item.get(bound) or {}).items():
            value = dig(resources, part, name)
            if value is None:
                yield f"{word} {name} usage per {kind} is {edge}.  No {said} is specified"
            elif (quantities.parse(value) - quantities.parse(edge)) * (1 if bound == "max" else -1) > 0:
                yield f"{word} {name} usage per {kind} is {edge}, but {said} is {value}"
