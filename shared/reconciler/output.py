"""What a run printed, read from the cluster before it forgets."""

import json

from shared.cluster.port import Cluster, LogQuery, Ref
from shared.errors import NotFound
from shared.reconciler.manifests import RUN_CONTAINER
from shared.reconciler.objects import Objects
from shared.runs.models import OUTPUT_LIMIT, RunOutput

_READ = 4 * OUTPUT_LIMIT
"""More than is kept, so that `bytes` tells most callers how much they printed."""

_STORABLE = 360 * 1024
"""Bytes of JSON. A DynamoDB item holds 400 KB."""


def collected(objects: Objects, cluster: Cluster) -> RunOutput | None:
    """None: there is nothing left to read."""
    for ref, _ in objects.kind("Pod"):
        printed = _printed(ref, cluster)
        if printed is not None:
            return _kept(printed)
    return None


def _printed(pod: Ref, cluster: Cluster) -> bytes | None:
    try:
        return cluster.logs(pod, LogQuery(container=RUN_CONTAINER, limit_bytes=_READ))
    except NotFound:
        return None


def _kept(printed: bytes) -> RunOutput:
    # Kubernetes writes both streams into one log without telling them apart, so all of it counts as stdout.
    # (The option that would tell, PodLogsQuerySplitStreams, is alpha and off by default.)
    text = printed[:OUTPUT_LIMIT].decode(errors="replace")
    kept = _fitting(text)
    return RunOutput(
        stdout=kept, truncated=len(printed) > OUTPUT_LIMIT or len(kept) < len(text), bytes=len(printed)
    )


def _fitting(text: str) -> str:
    """Binary output grows when it is written as text: a zero byte takes six in JSON."""
    while (size := len(json.dumps(text, ensure_ascii=False).encode())) > _STORABLE:
        text = text[: len(text) * _STORABLE // size]
    return text
