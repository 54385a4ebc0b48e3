"""What a watch has told: the cluster's objects that are ours, by kind and by key. Shared between threads."""

from collections import defaultdict
from collections.abc import Iterable
from threading import Lock

from shared.cluster.labels import Key, key_of
from shared.cluster.port import Change, Manifest, Ref
from shared.reconciler.objects import Objects

KINDS = ("Job", "Pod", "Deployment", "Service")


class World:
    def __init__(self) -> None:
        self._objects: dict[Ref, Manifest] = {}
        self._refs: dict[Key, set[Ref]] = defaultdict(set)
        self._listed: set[str] = set()
        self._lock = Lock()

    @property
    def complete(self) -> bool:
        """Whether absence means something: every kind has been listed."""
        return self._listed.issuperset(KINDS)

    def of(self, key: Key) -> Objects:
        with self._lock:
            return Objects({ref: self._objects[ref] for ref in self._refs.get(key, ())})

    def everything(self) -> dict[Key, Objects]:
        with self._lock:
            return {
                key: Objects({ref: self._objects[ref] for ref in refs}) for key, refs in self._refs.items()
            }

    def put(self, manifest: Manifest) -> Key | None:
        with self._lock:
            return self._put(manifest)

    def put_unless_older(self, manifest: Manifest) -> None:
        """The answer to a write of ours. The watch may have told of later changes before it came."""
        with self._lock:
            known = self._objects.get(Ref.of(manifest))
            if known is None or _is_later(manifest, known):
                self._put(manifest)

    def remove(self, ref: Ref) -> Key | None:
        with self._lock:
            return self._remove(ref)

    def change(self, change: Change) -> Key | None:
        """Whose it was."""
        match change.type:
            case "ADDED" | "MODIFIED":
                return self.put(change.object)
            case "DELETED":
                return self.remove(Ref.of(change.object))
        return None

    def replace(self, kind: str, manifests: Iterable[Manifest]) -> set[Key]:
        """A new list of a kind: whose objects are new, different or gone."""
        listed = {Ref.of(manifest): manifest for manifest in manifests}
        with self._lock:
            known = {ref for ref in self._objects if ref.kind == kind}
            touched = {self._remove(ref) for ref in known - set(listed)}
            for ref, manifest in listed.items():
                before = self._objects.get(ref)
                if before is None or _version(before) != _version(manifest):
                    touched.add(self._put(manifest))
            self._listed.add(kind)
        return {key for key in touched if key is not None}

    def _put(self, manifest: Manifest) -> Key | None:
        key = key_of(manifest)
        if key is not None:
            # Who manages which field is a third of an object, and none of our business.
            manifest["metadata"].pop("managedFields", None)
            ref = Ref.of(manifest)
            self._objects[ref] = manifest
            self._refs[key].add(ref)
        return key

    def _remove(self, ref: Ref) -> Key | None:
        manifest = self._objects.pop(ref, None)
        key = key_of(manifest) if manifest is not None else None
        if key is not None:
            self._refs[key].discard(ref)
            if not self._refs[key]:
                del self._refs[key]
        return key


def _is_later(manifest: Manifest, known: Manifest) -> bool:
    """Resource versions are comparable numbers (KEP-5504); where they are not, the watch is believed."""
    ours, theirs = str(_version(manifest)), str(_version(known))
    return ours.isdigit() and theirs.isdigit() and int(ours) > int(theirs)


def _version(manifest: Manifest) -> object:
    return manifest["metadata"].get("resourceVersion")
