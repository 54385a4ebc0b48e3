"""How a Deployment moves from old ReplicaSets to the new one, and what its status says meanwhile. Pure."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.cluster.objects import Object, dig, parse_time, rfc3339, uid_of

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Object) -> str:
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])


@dataclass(frozen=True)
class Bounds:
    """How many pods more or fewer than wanted a roll-out may have."""

    surge: int
    unavailable: int


def bounds(deployment: Object) -> Bounds:
    wanted = deployment["spec"]["replicas"]
    strategy = deployment["spec"]["strategy"]
    if strategy["type"] == "Recreate":
        return Bounds(0, wanted)
    surge = math.ceil(_share(strategy["rollingUpdate"]["maxSurge"], wanted))
    unavailable = math.floor(_share(strategy["rollingUpdate"]["maxUnavailable"], wanted))
    return Bounds(surge, min(unavailable, wanted)) if surge or unavailable else Bounds(0, 1)


def _share(value: int | str, of: int) -> float:
    if isinstance(value, str) and value.endswith("%"):
        return int(value[:-1]) * of / 100
    return float(value)


def scales(deployment: Object, new: Object | None, old: Sequence[Object], *, old_pods: int) -> dict[str, int]:
    """How many replicas each ReplicaSet is to have, by uid; where that changes. "" stands for a new one."""
    wanted = deployment["spec"]["replicas"]
    current = {uid_of(each): each["spec"]["replicas"] for each in (*old, *([new] if new else []))}
    if deployment["spec"]["strategy"]["type"] == "Recreate":
        next_new = wanted if old_pods == 0 else 0
        target = dict.fromkeys((uid_of(each) for each in old), 0)
    else:
        limits = bounds(deployment)
        room = wanted + limits.surge - sum(current.values())
        has = new["spec"]["replicas"] if new else 0
        next_new = min(wanted, has + max(room, 0)) if has <= wanted else wanted
        target = _scaled_down(deployment, new, old, limits)
    target[uid_of(new) if new else ""] = next_new
    return {uid: count for uid, count in target.items() if current.get(uid) != count}


def _scaled_down(
    deployment: Object, new: Object | None, old: Sequence[Object], limits: Bounds
) -> dict[str, int]:
    wanted = deployment["spec"]["replicas"]
    least = wanted - limits.unavailable
    have_new = new["spec"]["replicas"] if new else 0
    available_new = dig(new, "status", "availableReplicas", default=0)
    total = have_new + sum(each["spec"]["replicas"] for each in old)
    may_go = max(total - least - (have_new - available_new), 0)
    target = {uid_of(each): int(each["spec"]["replicas"]) for each in old}
    # What does not work is given up first: it serves nobody.
    for each in old:
        broken = each["spec"]["replicas"] - dig(each, "status", "availableReplicas", default=0)
        gone = min(max(broken, 0), may_go)
        target[uid_of(each)] -= gone
        may_go -= gone
    spare = available_new + sum(dig(each, "status", "availableReplicas", default=0) for each in old) - least
    for each in old:
        gone = min(target[uid_of(each)], max(spare, 0), may_go)
        target[uid_of(each)] -= gone
        spare, may_go = spare - gone, may_go - gone
    return target


def status(deployment: Object, new: Object | None, old: Sequence[Object], now: datetime) -> Object:
    sets = [*old, *([new] if new else [])]

    def total(name: str) -> int:
        return sum(dig(each, "status", name, default=0) for each in sets)

    available = total("availableReplicas")
    counted = {
        "replicas": total("replicas"),
        "updatedReplicas": dig(new, "status", "replicas", default=0),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(each["spec"]["replicas"] for each in sets) - available, 0),
    }
    result: Object = {name: count for name, count in counted.items() if count}
    result["observedGeneration"] = deployment["metadata"]["generation"]
    result["conditions"] = _conditions(deployment, new, sets, counted, now)
    return result


def _conditions(
    deployment: Object, new: Object | None, sets: Sequence[Object], counted: Mapping[str, int], now: datetime
) -> list[Object]:
    before = {each["type"]: each for each in dig(deployment, "status", "conditions", default=[])}
    enough = counted["availableReplicas"] >= deployment["spec"]["replicas"] - bounds(deployment).unavailable
    wanted = [_available() if enough else _unavailable(), _progress(deployment, new, counted, before, now)]
    failures = [
        each
        for item in sets
        for each in dig(item, "status", "conditions", default=[])
        if each["type"] == "ReplicaFailure"
    ]
    if failures:
        wanted.append({name: failures[0][name] for name in ("type", "status", "reason", "message")})
    return [_stamped(each, before.get(each["type"]), now) for each in wanted]


def _available() -> Object:
    return {
        "type": "Available",
        "status": "True",
        "reason": "MinimumReplicasAvailable",
        "message": "Deployment has minimum availability.",
    }


def _unavailable() -> Object:
    return {
        "type": "Available",
        "status": "False",
        "reason": "MinimumReplicasUnavailable",
        "message": "Deployment does not have minimum availability.",
    }


def _progress(
    deployment: Object,
    new: Object | None,
    counted: Mapping[str, int],
    before: Mapping[str, Object],
    now: datetime,
) -> Object:
    name = new["metadata"]["name"] if new else deployment["metadata"]["name"]
    old = before.get("Progressing")
    wanted = deployment["spec"]["replicas"]
    current = all(counted[each] == wanted for each in ("updatedReplicas", "replicas", "availableReplicas"))
    if current:
        return _progressing(
            "True", "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'
        )
    same_generation = dig(deployment, "status", "observedGeneration") == deployment["metadata"]["generation"]
    settled = old is not None and old["reason"] in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded")
    if old is not None and settled and same_generation and not _moved(deployment, counted):
        return old
    if old is None:
        return _progressing("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    if _overdue(deployment, counted, old, now) and same_generation:
        return _progressing(
            "False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.'
        )
    progress = _progressing("True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    if _moved(deployment, counted) or not same_generation:
        progress["lastUpdateTime"] = rfc3339(now)
    return progress


def _progressing(state: str, reason: str, message: str) -> Object:
    return {"type": "Progressing", "status": state, "reason": reason, "message": message}


def _moved(deployment: Object, counted: Mapping[str, int]) -> bool:
    before = deployment.get("status") or {}
    return any(
        counted[name] > before.get(name, 0)
        for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )


def deadline(deployment: Object) -> datetime | None:
    """When a roll-out without progress counts as failed."""
    for condition in dig(deployment, "status", "conditions", default=[]):
        if condition["type"] == "Progressing" and condition["reason"] in (
            "NewReplicaSetCreated",
            "ReplicaSetUpdated",
        ):
            seconds = deployment["spec"].get("progressDeadlineSeconds") or 600
            return parse_time(condition["lastUpdateTime"]) + timedelta(seconds=seconds)
    return None


def _overdue(deployment: Object, counted: Mapping[str, int], old: Object, now: datetime) -> bool:
    if _moved(deployment, counted) or "lastUpdateTime" not in old:
        return False
    end = deadline(deployment)
    return end is not None and now >= end


def _stamped(wanted: Object, old: Object | None, now: datetime) -> Object:
    same = old is not None and all(old.get(name) == wanted[name] for name in ("status", "reason", "message"))
    turned = old is None or old["status"] != wanted["status"]
    kept = (old or {}).get("lastUpdateTime") if same or "lastUpdateTime" in wanted else None
    return {
        **wanted,
        "lastUpdateTime": wanted.get("lastUpdateTime") or kept or rfc3339(now),
        "lastTransitionTime": rfc3339(now) if turned or old is None else old["lastTransitionTime"],
    }
