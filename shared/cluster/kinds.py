"""Where the API serves the kinds that we use: a stored discovery.

Asking the cluster costs two round trips a process, and an answer that cannot differ: these are all stable.
"""

from dataclasses import dataclass
from urllib.parse import quote

from shared.cluster.port import Ref


@dataclass(frozen=True)
class Kind:
    api_version: str
    plural: str
    namespaced: bool = True


KINDS = {
    "Namespace": Kind("v1", "namespaces", namespaced=False),
    "ConfigMap": Kind("v1", "configmaps"),
    "Event": Kind("v1", "events"),
    "LimitRange": Kind("v1", "limitranges"),
    "Pod": Kind("v1", "pods"),
    "ResourceQuota": Kind("v1", "resourcequotas"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "Deployment": Kind("apps/v1", "deployments"),
    "Job": Kind("batch/v1", "jobs"),
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies"),
}


def collection_path(kind: str, namespace: str = "") -> str:
    served = KINDS[kind]
    root = "/api/" if "/" not in served.api_version else "/apis/"
    within = f"/namespaces/{quote(namespace, safe='')}" if namespace and served.namespaced else ""
    return f"{root}{served.api_version}{within}/{served.plural}"


def object_path(ref: Ref) -> str:
    return f"{collection_path(ref.kind, ref.namespace)}/{quote(ref.name, safe='')}"
