"""What stands on the cluster for a tenant, whole."""

from shared.reconciler.tenancy import tenant

OURS = {"app.kubernetes.io/managed-by": "eventflow", "app.kubernetes.io/instance": "eventflow"}


def test_a_tenant_is_fenced_before_anything_runs_in_it(platform):
    found = [
        (manifest["kind"], manifest["metadata"]["name"]) for manifest in tenant("tenant-alice", platform)
    ]
    assert found == [
        ("Namespace", "tenant-alice"),
        ("NetworkPolicy", "default-deny"),
        ("NetworkPolicy", "allow-functions"),
        ("ResourceQuota", "tenant-quota"),
        ("LimitRange", "tenant-defaults"),
        ("ServiceAccount", "eventflow-function"),
    ]


def test_a_tenants_objects(platform):
    namespace, deny, allow, quota, limits, account = tenant("tenant-alice", platform)
    assert namespace["metadata"]["labels"] == OURS | {
        "managed-by": "eventflow",
        "type": "tenant",
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert allow["spec"] == {
        "podSelector": {"matchLabels": {"app": "eventflow-function"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 8080, "protocol": "TCP"}]}],
        "egress": [
            {
                "to": [
                    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
                    {"ipBlock": {"cidr": "169.254.20.10/32"}},
                ],
                "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
            },
            {"to": [{"podSelector": {}}]},
            {
                "to": [
                    {
                        "ipBlock": {
                            "cidr": "0.0.0.0/0",
                            "except": [
                                "10.0.0.0/8",
                                "100.64.0.0/10",
                                "169.254.0.0/16",
                                "172.16.0.0/12",
                                "192.168.0.0/16",
                            ],
                        }
                    },
                    {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "fe80::/10"]}},
                ]
            },
        ],
    }
    assert quota["spec"]["hard"] == {
        "pods": "50",
        "requests.cpu": "10",
        "requests.memory": "20Gi",
        "limits.cpu": "20",
        "limits.memory": "40Gi",
        "persistentvolumeclaims": "10",
    }
    assert limits["spec"]["limits"] == [
        {
            "type": "Container",
            "default": {"cpu": "500m", "memory": "512Mi"},
            "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
        }
    ]
    assert account["automountServiceAccountToken"] is False
