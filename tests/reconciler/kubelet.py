"""The cluster's own part, for a fake cluster: what controllers and nodes do with what is there."""

from typing import Any

from shared.cluster.port import Manifest, Ref


def kubelet(scene: Any, exit_code: int = 0, printed: bytes = b"done\n") -> None:
    """Deployments become ready; Jobs run, print and end."""
    for ref, item in list(scene.cluster.objects.items()):
        if ref.kind == "Deployment":
            replicas = item["spec"]["replicas"]
            counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
            status = {"observedGeneration": item["metadata"]["generation"]} | dict.fromkeys(counts, replicas)
            scene.cluster.put(item | {"status": status})
        if ref.kind == "Job" and not item.get("status"):
            end = {"exitCode": exit_code, "finishedAt": scene.clock().isoformat()}
            run_pod(scene, item, end, printed)
            scene.cluster.put(item | {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})


def run_pod(scene: Any, job: Manifest, terminated: Manifest | None, printed: bytes) -> None:
    """A Job's pod, running or ended."""
    pod = Ref("Pod", f"{job['metadata']['name']}-x", job["metadata"]["namespace"])
    metadata = {
        "name": pod.name,
        "namespace": pod.namespace,
        "labels": job["metadata"]["labels"],
        "annotations": job["metadata"]["annotations"],
        "ownerReferences": [{"uid": job["metadata"]["uid"]}],
    }
    started = {"startedAt": scene.clock().isoformat()}
    state = {"terminated": started | terminated} if terminated else {"running": started}
    status = {"containerStatuses": [{"name": "invoke", "state": state}]}
    spec = {"containers": [{"name": "invoke", "image": "i"}]}
    scene.cluster.put({"kind": "Pod", "metadata": metadata, "spec": spec, "status": status})
    scene.cluster.printed[pod] = printed
