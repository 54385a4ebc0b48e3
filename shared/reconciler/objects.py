"""What the cluster holds for one key, and what it said to our last write, as a value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from shared.cluster.port import Manifest, Ref, Refused


@dataclass(frozen=True)
class Objects:
    items: Mapping[Ref, Manifest] = field(default_factory=dict)
    refusal: Refused | None = None
    applied: frozenset[Ref] = frozenset()
    """Written in this pass. What differs still is the cluster's policy: to insist would never end."""
    reachable: bool = True
    """False: the cluster does not answer, so that nothing here means nothing."""

    @classmethod
    def of(cls, *manifests: Manifest) -> "Objects":
        return cls({Ref.of(manifest): manifest for manifest in manifests})

    def get(self, ref: Ref) -> Manifest | None:
        return self.items.get(ref)

    def kind(self, kind: str) -> Iterator[tuple[Ref, Manifest]]:
        return ((ref, manifest) for ref, manifest in self.items.items() if ref.kind == kind)

    def having(self, manifest: Manifest) -> "Objects":
        return replace(self, items={**self.items, Ref.of(manifest): manifest})

    def having_applied(self, manifest: Manifest) -> "Objects":
        return replace(self.having(manifest), applied=self.applied | {Ref.of(manifest)})

    def without(self, ref: Ref) -> "Objects":
        return replace(self, items={other: item for other, item in self.items.items() if other != ref})

    def refused(self, refusal: Refused) -> "Objects":
        return replace(self, refusal=refusal)
