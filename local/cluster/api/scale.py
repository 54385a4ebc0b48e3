"""The scale subresource: a view of spec.replicas."""

from local.cluster.errors import bad_request
from local.cluster.objects import Object, dig


def view(item: Object) -> Object:
    meta = item["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = dig(item, "spec", "selector", "matchLabels", default={})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in kept if name in meta},
        "spec": {"replicas": item["spec"]["replicas"]},
        "status": {
            "replicas": dig(item, "status", "replicas", default=0),
            "selector": ",".join(f"{name}={value}" for name, value in sorted(labels.items())),
        },
    }


def applied(live: Object, scale: Object) -> Object:
    """The live object as a full replacement with this scale."""
    replicas = dig(scale, "spec", "replicas", default=0)
    meta = dict(live["metadata"])
    if version := dig(scale, "metadata", "resourceVersion"):
        meta["resourceVersion"] = version
    return {**live, "metadata": meta, "spec": {**live["spec"], "replicas": replicas}}


def patch(content: Object) -> Object:
    """A patch of a scale as a patch of its object."""
    if not isinstance(content, dict) or not isinstance(dig(content, "spec", "replicas"), int):
        raise bad_request("a patch of a scale sets spec.replicas")
    return {"spec": {"replicas": content["spec"]["replicas"]}}
