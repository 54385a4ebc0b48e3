"""ResourceQuotas: what each namespace uses, counted as objects come and go, and what would be too much."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from local.cluster import quantities
from local.cluster.objects import Object, dig, terminating
from local.cluster.resources import CONFIG_MAPS, PODS, QUOTAS, SECRETS, SERVICES, Kind
from local.cluster.store import Change, Store

Amounts = Mapping[str, Decimal]

_ONE = Decimal(1)
_PLAIN_NAMES = (PODS, SERVICES, CONFIG_MAPS, SECRETS, QUOTAS)  # counted without "count/" too
_COMPUTE = ("cpu", "memory", "ephemeral-storage")


def amounts(kind: Kind, item: Object) -> dict[str, Decimal]:
    """What an object counts for."""
    if kind is PODS and dig(item, "status", "phase") in ("Succeeded", "Failed"):
        return {f"count/{kind.resource}": _ONE}
    counted = {f"count/{kind.resource}": _ONE}
    if kind in _PLAIN_NAMES:
        counted[kind.plural] = _ONE
    return counted | _compute(item) if kind is PODS else counted


def _compute(pod: Object) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for name in _COMPUTE:
        for part in ("requests", "limits"):
            running = sum(_asked(each, part, name) for each in pod["spec"]["containers"])
            before = max(
                (_asked(each, part, name) for each in pod["spec"].get("initContainers") or ()), default=0
            )
            found[f"{part}.{name}"] = Decimal(max(running, before))
        found[name] = found[f"requests.{name}"]
    return found


def _asked(container: Object, part: str, name: str) -> Decimal:
    return quantities.parse(dig(container, "resources", part, name, default=0))


def unstated(hard: Iterable[str], pod: Object) -> str:
    """What the pod's containers must say before a quota on it can count: "limits.cpu for: a,b; …"."""
    missing = []
    for limited in sorted(hard):
        part, _, name = limited.rpartition(".")
        if name in _COMPUTE and part in ("", "requests", "limits"):
            silent = [
                each["name"]
                for each in pod["spec"]["containers"]
                if dig(each, "resources", part or "requests", name) is None
            ]
            if silent:
                missing.append(f"{limited} for: {','.join(silent)}")
    return "; ".join(missing)


def excess(quota: Object, used: Amounts, wanted: Amounts) -> str | None:
    """Why a quota forbids this, in the words of the real server."""
    hard: Mapping[str, str] = dig(quota, "spec", "hard", default={})
    over = sorted(
        name
        for name, amount in wanted.items()
        if name in hard and amount and used.get(name, 0) + amount > quantities.parse(hard[name])
    )
    if not over:
        return None

    def listed(values: Mapping[str, Decimal]) -> str:
        return ",".join(
            f"{name}={quantities.shown(values.get(name, Decimal(0)), hard[name])}" for name in over
        )

    limits = ",".join(f"{name}={hard[name]}" for name in over)
    return (
        f"exceeded quota: {quota['metadata']['name']}, requested: {listed(wanted)}, "
        f"used: {listed(used)}, limited: {limits}"
    )


class Usage:
    """What every namespace uses now."""

    def __init__(self, store: Store) -> None:
        self._used: dict[str, defaultdict[str, Decimal]] = {}
        store.listen(self._changed)

    def of(self, namespace: str) -> Amounts:
        return self._used.get(namespace, {})

    def _changed(self, change: Change) -> None:
        namespace = change.object["metadata"].get("namespace")
        if not namespace:
            return
        before = amounts(change.kind, change.previous) if change.previous else {}
        after = amounts(change.kind, change.object) if change.type != "DELETED" else {}
        if before == after:
            return
        used = self._used.setdefault(namespace, defaultdict(Decimal))
        for name in before.keys() | after.keys():
            used[name] += after.get(name, 0) - before.get(name, 0)


def status(quota: Object, used: Amounts) -> Object:
    hard: Mapping[str, str] = dig(quota, "spec", "hard", default={})
    return {
        "hard": dict(hard),
        "used": {name: quantities.shown(used.get(name, Decimal(0)), limit) for name, limit in hard.items()},
    }


def open_quotas(store: Store, namespace: str) -> list[Object]:
    return [each for each in store.all(QUOTAS, namespace) if not terminating(each)]
