"""What stands between a valid object and the store: service accounts, limits, pod security, quotas."""

from local.cluster import errors
from local.cluster.admission import limits, quotas, security
from local.cluster.objects import Object, labels_of
from local.cluster.resources import LIMIT_RANGES, NAMESPACES, PODS, SERVICE_ACCOUNTS, Kind
from local.cluster.store import Store


class Admission:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.usage = quotas.Usage(store)

    def complete(self, kind: Kind, item: Object) -> Object:
        """Fill in what the namespace prescribes."""
        if kind is not PODS:
            return item
        return limits.filled(self._store.all(LIMIT_RANGES, item["metadata"]["namespace"]), item)

    def allow(self, kind: Kind, item: Object) -> None:
        """Refuse a new object that the namespace forbids."""
        if not kind.namespaced:
            return
        if kind is PODS:
            self._allow_pod(item)
        self._allow_amount(kind, item)

    def _allow_pod(self, pod: Object) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        account = pod["spec"]["serviceAccountName"]
        # The default account is made moments after its namespace, which no client should notice.
        if account != "default" and self._store.get(SERVICE_ACCOUNTS, (namespace, account)) is None:
            raise errors.forbidden(
                PODS,
                name,
                f"error looking up service account {namespace}/{account}: "
                f'serviceaccount "{account}" not found',
            )
        if found := limits.violations(self._store.all(LIMIT_RANGES, namespace), pod):
            raise errors.forbidden(PODS, name, found[0] if len(found) == 1 else f"[{', '.join(found)}]")
        level = labels_of(self._store.need(NAMESPACES, ("", namespace))).get(security.LABEL, "")
        if found := security.violations(level, pod["spec"]):
            raise errors.forbidden(PODS, name, security.message(level, found))

    def _allow_amount(self, kind: Kind, item: Object) -> None:
        namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
        for quota in quotas.open_quotas(self._store, namespace):
            hard = quota["spec"].get("hard") or {}
            if kind is PODS and (missing := quotas.unstated(hard, item)):
                why = f"failed quota: {quota['metadata']['name']}: must specify {missing}"
                raise errors.forbidden(kind, name, why)
            over = quotas.excess(quota, self.usage.of(namespace), quotas.amounts(kind, item))
            if over is not None:
                raise errors.forbidden(kind, name, over)
