"""What EventFlow needs of a cluster, in its own words: references, plain manifests, and one protocol.

Errors are those of `shared.errors`, with one more: `Refused`, the cluster's considered no.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from shared.errors import AppError

Manifest = dict[str, Any]
"""A Kubernetes object as its API speaks it. The schema is the cluster's, so there is nothing to type here."""


@dataclass(frozen=True)
class Ref:
    """Which object: `Ref("Job", "hello-invoke-1", "tenant-alice")`."""

    kind: str
    name: str
    namespace: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> "Ref":
        metadata = manifest["metadata"]
        return cls(manifest["kind"], metadata["name"], metadata.get("namespace", ""))

    def __str__(self) -> str:
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)


@dataclass(frozen=True)
class Listing:
    """All objects that a list found, and where a watch goes on from."""

    items: tuple[Manifest, ...]
    resource_version: str


@dataclass(frozen=True)
class Change:
    """What a watch says. A bookmark only moves `resource_version`."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: Manifest

    @property
    def resource_version(self) -> str:
        version: str = self.object["metadata"]["resourceVersion"]
        return version


@dataclass(frozen=True)
class LogQuery:
    """Which part of a container's log. Kubernetes keeps stdout and stderr in one stream."""

    container: str | None = None
    tail: int | None = None
    since: datetime | None = None
    limit_bytes: int | None = None
    timestamps: bool = False


@dataclass(frozen=True)
class Selection:
    """Which objects of a kind: in one namespace or all, with these labels and fields."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


EVERYTHING = Selection()


class Refused(AppError):
    """The cluster understood and said no; asking again changes nothing until somebody changes something.

    `reason` is the cluster's own word (Forbidden, Invalid …).
    """

    status = 502
    code = "CLUSTER_REFUSED"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Changes(Protocol):
    """A watch under way. `close` ends the iteration, from whichever thread."""

    def __iter__(self) -> Iterator[Change]: ...

    def close(self) -> None: ...


class Cluster(Protocol):
    """Every call may raise Unavailable (try again) and Refused (do not)."""

    def apply(self, manifest: Manifest) -> Manifest:
        """Server-side apply as field manager `eventflow`: makes it or changes our fields of it."""
        ...

    def create(self, manifest: Manifest) -> Manifest:
        """Makes it, or answers with the one that is there already."""
        ...

    def get(self, ref: Ref) -> Manifest | None: ...

    def list(self, kind: str, selection: Selection = EVERYTHING) -> Listing: ...

    def watch(
        self, kind: str, selection: Selection = EVERYTHING, *, resource_version: str, seconds: int
    ) -> Changes:
        """What happens after `resource_version`. Raises Gone when the cluster has forgotten that version."""
        ...

    def delete(self, ref: Ref, *, uid: str | None = None) -> None:
        """With what it owns. Gone already is fine; another object of that name (`uid`) is a Conflict."""
        ...

    def logs(self, pod: Ref, query: LogQuery) -> bytes:
        """NotFound where there is no pod, or its container has not started."""
        ...

    def follow(self, pod: Ref, query: LogQuery, *, seconds: float) -> Iterator[str]:
        """Lines, as they are written, until the container ends or the time is up."""
        ...

    def version(self) -> str:
        """Of the cluster; also the cheapest proof that it answers."""
        ...
