"""Which kinds the emulator serves: one line a kind."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    generation: bool = False  # whether the server counts changes of the spec
    categories: tuple[str, ...] = ()
    read_only: bool = False
    listed_kind: str = field(init=False)
    api_version: str = field(init=False)
    resource: str = field(init=False)  # "deployments.apps", as error messages name it

    def __post_init__(self) -> None:
        object.__setattr__(self, "listed_kind", self.kind + "List")
        object.__setattr__(
            self, "api_version", f"{self.group}/{self.version}" if self.group else self.version
        )
        object.__setattr__(self, "resource", f"{self.plural}.{self.group}" if self.group else self.plural)

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources


_ALL = ("all",)

NAMESPACES = Kind(
    "Namespace", "namespaces", namespaced=False, short=("ns",), subresources=("status", "finalize")
)
NODES = Kind("Node", "nodes", namespaced=False, short=("no",), subresources=("status",))
PODS = Kind("Pod", "pods", short=("po",), subresources=("status", "log"), categories=_ALL)
SERVICES = Kind("Service", "services", short=("svc",), subresources=("status",), categories=_ALL)
CONFIG_MAPS = Kind("ConfigMap", "configmaps", short=("cm",))
SECRETS = Kind("Secret", "secrets")
SERVICE_ACCOUNTS = Kind("ServiceAccount", "serviceaccounts", short=("sa",))
QUOTAS = Kind("ResourceQuota", "resourcequotas", short=("quota",), subresources=("status",))
LIMIT_RANGES = Kind("LimitRange", "limitranges", short=("limits",))
EVENTS = Kind("Event", "events", short=("ev",))
EVENTS_VIEW = Kind("Event", "events", "events.k8s.io", short=("ev",), read_only=True)
DEPLOYMENTS = Kind(
    "Deployment",
    "deployments",
    "apps",
    short=("deploy",),
    subresources=("status", "scale"),
    generation=True,
    categories=_ALL,
)
REPLICA_SETS = Kind(
    "ReplicaSet",
    "replicasets",
    "apps",
    short=("rs",),
    subresources=("status", "scale"),
    generation=True,
    categories=_ALL,
)
JOBS = Kind("Job", "jobs", "batch", subresources=("status",), generation=True, categories=_ALL)
POLICIES = Kind("NetworkPolicy", "networkpolicies", "networking.k8s.io", short=("netpol",), generation=True)
INGRESSES = Kind(
    "Ingress", "ingresses", "networking.k8s.io", short=("ing",), subresources=("status",), generation=True
)
LEASES = Kind("Lease", "leases", "coordination.k8s.io")

KINDS = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    QUOTAS,
    LIMIT_RANGES,
    EVENTS,
    EVENTS_VIEW,
    DEPLOYMENTS,
    REPLICA_SETS,
    JOBS,
    POLICIES,
    INGRESSES,
    LEASES,
)

BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
BY_KIND = {(kind.api_version, kind.kind): kind for kind in KINDS}
GROUPS = tuple(dict.fromkeys((kind.group, kind.version) for kind in KINDS))
