"""What a tenant's namespace holds besides workloads: the fence around them, and their share of the cluster.

Network: a pod may be reached by pods of its own tenant, on its port. It may reach those, DNS, and the public
internet, which functions need for any API. It may not reach other tenants, the nodes, or a cloud's metadata
address, which hands out the node's identity.
"""

from shared.cluster.kinds import KINDS
from shared.cluster.labels import Platform, ours, stamped
from shared.cluster.port import Manifest

SERVICE_ACCOUNT = "eventflow-function"
PORT = 8080

QUOTA = {
    "pods": "50",
    "requests.cpu": "10",
    "requests.memory": "20Gi",
    "limits.cpu": "20",
    "limits.memory": "40Gi",
    "persistentvolumeclaims": "10",
}
REQUESTS = {"cpu": "100m", "memory": "128Mi"}
LIMITS = {"cpu": "500m", "memory": "512Mi"}

TENANT_KINDS = ("Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount")

_NODE_LOCAL_DNS = "169.254.20.10"
"""Many clusters answer DNS on the node: https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/"""

_PRIVATE_V4 = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
_PRIVATE_V6 = ["fc00::/7", "fe80::/10"]


def tenant(namespace: str, platform: Platform) -> tuple[Manifest, ...]:
    """In the order in which they must be made: a pod that starts before its fence would be unfenced."""
    return (
        stamped(_namespace(namespace, platform)),
        _of("NetworkPolicy", "default-deny", namespace, platform, _deny()),
        _of("NetworkPolicy", "allow-functions", namespace, platform, _allow()),
        _of("ResourceQuota", "tenant-quota", namespace, platform, {"spec": {"hard": dict(QUOTA)}}),
        _of("LimitRange", "tenant-defaults", namespace, platform, _limit_range()),
        _of("ServiceAccount", SERVICE_ACCOUNT, namespace, platform, {"automountServiceAccountToken": False}),
    )


def _namespace(name: str, platform: Platform) -> Manifest:
    return {
        "apiVersion": KINDS["Namespace"].api_version,
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": ours(platform)
            | {
                "managed-by": "eventflow",
                "type": "tenant",
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
        },
    }


def _of(kind: str, name: str, namespace: str, platform: Platform, content: Manifest) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": ours(platform)}
    return stamped({"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": metadata, **content})


def _limit_range() -> Manifest:
    """For pods that state nothing: the quota would refuse them."""
    return {
        "spec": {"limits": [{"type": "Container", "default": dict(LIMITS), "defaultRequest": dict(REQUESTS)}]}
    }


def _deny() -> Manifest:
    return {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}


def _allow() -> Manifest:
    neighbours: Manifest = {"podSelector": {}}
    dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    node_cache: Manifest = {"ipBlock": {"cidr": f"{_NODE_LOCAL_DNS}/32"}}
    internet = [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": _PRIVATE_V4}},
        {"ipBlock": {"cidr": "::/0", "except": _PRIVATE_V6}},
    ]
    return {
        "spec": {
            "podSelector": {"matchLabels": {"app": "eventflow-function"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [neighbours], "ports": [{"port": PORT, "protocol": "TCP"}]}],
            "egress": [
                {
                    "to": [dns, node_cache],
                    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
                },
                {"to": [neighbours]},
                {"to": internet},
            ],
        }
    }
