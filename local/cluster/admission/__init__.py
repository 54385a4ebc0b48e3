"""What stands between a valid object and the store: limits, pod security and quotas."""

from local.cluster.objects import Object
from local.cluster.resources import Kind
from local.cluster.store import Store


class Admission:
    def __init__(self, store: Store) -> None:
        self._store = store

    def complete(self, kind: Kind, item: Object) -> Object:
        """Fill in what the namespace prescribes."""
        return item

    def allow(self, kind: Kind, item: Object, before: Object | None) -> None:
        """Refuse what the namespace forbids."""
