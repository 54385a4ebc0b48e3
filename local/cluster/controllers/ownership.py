"""What controllers write into the objects that they make."""

from local.cluster.objects import Object


def owner_reference(owner: Object) -> Object:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_of(owner: Object) -> Object:
    """A new pod from the owner's template."""
    template = owner["spec"]["template"]
    meta = template.get("metadata") or {}
    copied = {name: meta[name] for name in ("labels", "annotations", "finalizers") if meta.get(name)}
    return {
        "metadata": {
            **copied,
            "generateName": owner["metadata"]["name"] + "-",
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": template["spec"],
    }
