"""Objects that no cluster accepts: 422 with every wrong field named. Pure."""

from collections.abc import Callable
from typing import Any

from local.cluster import errors, quantities
from local.cluster.admission import names, pods
from local.cluster.admission.causes import Causes, forbidden, required, too_long, wrong
from local.cluster.objects import Object, dig
from local.cluster.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    QUOTAS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    Kind,
)
from local.cluster.selectors import selector_test

_DATA = 1_048_576


def check(kind: Kind, item: Object, before: Object | None = None) -> None:
    """Refuse an invalid object; with the stored one at hand also changes of what cannot change."""
    causes = [*names.metadata(kind, item["metadata"]), *_CHECKS.get(kind, _nothing)(item)]
    if before is not None and not causes:
        causes = list(_immutable(kind, before, item))
    if causes:
        raise errors.invalid(kind, item["metadata"].get("name", ""), causes)


def _nothing(item: Object) -> Causes:
    return iter(())


def _pod(item: Object) -> Causes:
    return pods.pod_spec(item.get("spec") or {}, "spec", ("Always", "OnFailure", "Never"))


def _template(item: Object, *policies: str) -> Causes:
    template = dig(item, "spec", "template", default={})
    yield from names.labels("spec.template.labels", dig(template, "metadata", "labels", default={}))
    yield from pods.pod_spec(template.get("spec") or {}, "spec.template.spec", policies)


def _workload(item: Object) -> Causes:
    selector = dig(item, "spec", "selector", default={})
    labels = dig(item, "spec", "template", "metadata", "labels", default={})
    if not selector:
        yield required("spec.selector")
    elif not selector_test(selector)(labels):
        yield wrong("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _counts(item, "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    yield from _template(item, "Always")


def _job(item: Object) -> Causes:
    yield from _counts(
        item, "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "parallelism", "completions"
    )
    yield from _template(item, "OnFailure", "Never")


def _counts(item: Object, *fields: str) -> Causes:
    for name in fields:
        if (value := dig(item, "spec", name, default=0)) < 0:
            yield wrong(f"spec.{name}", value, "must be greater than or equal to 0")


def _data(item: Object) -> Causes:
    size = sum(
        len(str(value)) for part in ("data", "binaryData") for value in (item.get(part) or {}).values()
    )
    if size > _DATA:
        yield too_long("data", _DATA)


def _service(item: Object) -> Causes:
    spec = item.get("spec") or {}
    if not spec.get("ports") and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield required("spec.ports")


def _quota(item: Object) -> Causes:
    for name, value in dig(item, "spec", "hard", default={}).items():
        if not quantities.valid(value):
            yield wrong(f"spec.hard[{name}]", value, "must be a quantity")


def _immutable(kind: Kind, before: Object, after: Object) -> Causes:
    for path in _FIXED.get(kind, ()):
        old, new = dig(before, *path.split(".")), dig(after, *path.split("."))
        if old != new:
            yield wrong(path, _short(new), "field is immutable")
    sealed = kind in (CONFIG_MAPS, SECRETS) and before.get("immutable")
    if sealed and any(before.get(part) != after.get(part) for part in ("data", "binaryData", "immutable")):
        yield forbidden("data", "field is immutable when `immutable` is set")
    if kind is PODS:
        yield from pods.update(before["spec"], after["spec"])


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "…"


_CHECKS: dict[Kind, Callable[[Object], Causes]] = {
    PODS: _pod,
    DEPLOYMENTS: _workload,
    REPLICA_SETS: _workload,
    JOBS: _job,
    CONFIG_MAPS: _data,
    SECRETS: _data,
    SERVICES: _service,
    QUOTAS: _quota,
}
_FIXED: dict[Kind, tuple[str, ...]] = {
    DEPLOYMENTS: ("spec.selector",),
    REPLICA_SETS: ("spec.selector",),
    JOBS: ("spec.selector", "spec.template", "spec.completions", "spec.completionMode"),
    SECRETS: ("type",),
}
