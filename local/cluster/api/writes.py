"""Create, replace, patch and apply: every write passes the same steps, whoever asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.cluster import apply as ownership
from local.cluster import clock, deletion, errors, patches, types
from local.cluster.admission import Admission
from local.cluster.admission.defaults import filled
from local.cluster.admission.validation import check
from local.cluster.apply import Claim, Writer
from local.cluster.errors import Cause
from local.cluster.objects import Key, Object, terminating
from local.cluster.resources import NAMESPACES, Kind
from local.cluster.store import Store

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

_PATCHES: dict[str, Callable[[Any, Any], Any]] = {
    MERGE: patches.merge,
    STRATEGIC: patches.strategic,
    JSON_PATCH: patches.json_patch,
}
# Only the server writes these.
_SERVER_OWNED = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True)
class Options:
    """Who writes, and how."""

    manager: str = "unknown"
    dry_run: bool = False
    force: bool = False
    subresource: str = ""
    explicit_manager: bool = False
    strict: bool = False  # refuse unknown fields


class Writes:
    def __init__(self, store: Store, admission: Admission) -> None:
        self._store = store
        self._admission = admission

    def create(self, kind: Kind, namespace: str, body: Object, options: Options | None) -> Object:
        """Store a new object. Controllers pass no options: their fields are nobody's."""
        item = types.read(kind, _addressed(kind, namespace, body), strict=bool(options and options.strict))
        meta = item["metadata"]
        if meta.get("resourceVersion"):
            raise errors.bad_request("resourceVersion should not be set on objects to be created")
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"][:58] + clock.suffix()
        self._check_namespace(kind, namespace, meta.get("name", ""))
        if self._store.get(kind, (namespace, meta.get("name", ""))) is not None:
            raise errors.already_exists(kind, meta["name"])
        item = self._admit(kind, filled(kind, _born(kind, item)))
        if options is not None:
            writer = Writer(options.manager, "Update", kind.api_version, options.subresource)
            item = ownership.update(None, item, writer, clock.timestamp())
        return item if options and options.dry_run else self._store.put(kind, item)

    def replace(self, kind: Kind, key: Key, body: Object, options: Options) -> Object | None:
        live = self._store.need(kind, key)
        item = types.read(kind, _addressed(kind, key[0], body, key[1]), strict=options.strict)
        version = item["metadata"].get("resourceVersion")
        if version and version != live["metadata"]["resourceVersion"]:
            raise errors.modified(kind, key[1])
        if (uid := item["metadata"].get("uid")) and uid != live["metadata"]["uid"]:
            held = live["metadata"]["uid"]
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {held}"
            raise errors.conflict(kind, key[1], why)
        changed = self._changed(kind, live, item, options.subresource)
        writer = Writer(options.manager, "Update", kind.api_version, options.subresource)
        return self._save(kind, live, ownership.update(live, changed, writer, clock.timestamp()), options)

    def patch(self, kind: Kind, key: Key, body: Any, content_type: str, options: Options) -> Object | None:
        if content_type not in _PATCHES:
            raise errors.unsupported_media_type(content_type, (*_PATCHES, APPLY))
        live = self._store.need(kind, key)
        patched = _PATCHES[content_type](live, body)
        if not isinstance(patched, dict):
            raise errors.bad_request("the patch does not make an object")
        return self.replace(kind, key, patched, options)

    def apply(self, kind: Kind, key: Key, config: Object, options: Options) -> tuple[Object | None, bool]:
        """Server-side apply; the second value says whether the object is new."""
        if not options.explicit_manager:
            cause = Cause("fieldManager", "Required value: is required for apply patch", "FieldValueRequired")
            raise errors.ApiError(
                422,
                "Invalid",
                f'PatchOptions.meta.k8s.io "" is invalid: {cause.field}: {cause.message}',
                {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause.as_json()]},
            )
        config = types.read_applied(kind, _addressed(kind, key[0], config, key[1]))
        if config["metadata"].get("managedFields"):
            raise errors.bad_request("metadata.managedFields must be nil")
        writer = Writer(options.manager, "Apply", kind.api_version, options.subresource)
        if (live := self._store.get(kind, key)) is None:
            return self._apply_new(kind, key, config, writer, options), True
        if (version := config["metadata"].get("resourceVersion")) and version != live["metadata"][
            "resourceVersion"
        ]:
            raise errors.modified(kind, key[1])
        merged, wanted, others = ownership.apply(
            live, _owned_part(kind, config, options.subresource), writer, force=options.force
        )
        changed = self._changed(kind, live, merged, options.subresource)
        before = next((claim for claim in ownership.claims_of(live) if claim.writer == writer), None)
        same = before is not None and before.fields == wanted and _content(changed) == _content(live)
        mine = before if same and before else Claim(writer, clock.timestamp(), wanted)
        return self._save(kind, live, ownership.with_claims(changed, [mine, *others]), options), False

    def _apply_new(self, kind: Kind, key: Key, config: Object, writer: Writer, options: Options) -> Object:
        if options.subresource:
            raise errors.not_found(kind, key[1])
        namespace, name = key
        self._check_namespace(kind, namespace, name)
        if config["metadata"].get("uid"):
            raise errors.conflict(
                kind, name, "uid mismatch: the provided object specified uid, and no object exists"
            )
        owned = _owned_part(kind, config, "")
        merged, wanted, _ = ownership.apply({}, owned, writer, force=True)
        item = self._admit(kind, filled(kind, _born(kind, merged)))
        item = ownership.with_claims(item, [Claim(writer, clock.timestamp(), wanted)])
        return item if options.dry_run else self._store.put(kind, item)

    def _admit(self, kind: Kind, item: Object) -> Object:
        item = self._admission.complete(kind, item)
        check(kind, item)
        self._admission.allow(kind, item)
        return item

    def _changed(self, kind: Kind, live: Object, wanted: Object, subresource: str) -> Object:
        """The next state of a live object: each subresource only moves its own part."""
        kept = {name: live["metadata"][name] for name in _SERVER_OWNED if name in live["metadata"]}
        meta = {k: v for k, v in wanted["metadata"].items() if k not in _SERVER_OWNED} | kept
        meta["resourceVersion"] = live["metadata"]["resourceVersion"]
        if subresource == "status":
            return {**live, "status": wanted.get("status") or {}}
        item = {**wanted, "metadata": meta}
        if kind.has_status:
            item.pop("status", None)
            if "status" in live:
                item["status"] = live["status"]
        item = filled(kind, item)
        if kind.generation and _spec_of(item) != _spec_of(live):
            item["metadata"] = {**item["metadata"], "generation": live["metadata"].get("generation", 0) + 1}
        check(kind, item, live)
        return item

    def _save(self, kind: Kind, live: Object, item: Object, options: Options) -> Object | None:
        if item == live or options.dry_run:
            return item
        return deletion.settle(self._store, kind, self._store.put(kind, item)) or item

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        home = self._store.need(NAMESPACES, ("", namespace))
        if terminating(home):
            raise errors.namespace_terminating(kind, name, namespace)


def _addressed(kind: Kind, namespace: str, body: Any, name: str | None = None) -> Object:
    """The body as an object of this path; refuses one that says it is something else."""
    if not isinstance(body, dict) or not isinstance(body.get("metadata", {}), dict | None):
        raise errors.bad_request("the body of the request is not an object")
    said = body.get("apiVersion") or kind.api_version, body.get("kind") or kind.kind
    if said != (kind.api_version, kind.kind):
        raise errors.bad_request(
            f'{said[1]} in version "{said[0]}" cannot be handled as a {kind.kind}: expected '
            f"{kind.api_version}, Kind={kind.kind}"
        )
    meta = dict(body.get("metadata") or {})
    if kind.namespaced:
        if meta.setdefault("namespace", namespace) != namespace:
            raise errors.bad_request(
                f"the namespace of the provided object does not match the namespace sent on the request"
                f" ({meta['namespace']} != {namespace})"
            )
    else:
        meta.pop("namespace", None)
    if name is not None and meta.setdefault("name", name) != name:
        raise errors.bad_request(
            f"the name of the object ({meta['name']}) does not match the name on the URL ({name})"
        )
    return {"apiVersion": kind.api_version, "kind": kind.kind} | body | {"metadata": meta}


def _born(kind: Kind, item: Object) -> Object:
    meta = {k: v for k, v in item["metadata"].items() if k not in (*_SERVER_OWNED, "managedFields")}
    meta |= {"uid": clock.new_uid(), "creationTimestamp": clock.timestamp()}
    if kind.generation:
        meta["generation"] = 1
    return {**item, "metadata": meta, "status": {}} if kind.has_status else {**item, "metadata": meta}


def _owned_part(kind: Kind, config: Object, subresource: str) -> Object:
    if subresource == "status":
        return {name: config[name] for name in ("apiVersion", "kind", "metadata", "status") if name in config}
    return {name: value for name, value in config.items() if not (name == "status" and kind.has_status)}


def _spec_of(item: Object) -> Object:
    return {k: v for k, v in item.items() if k not in ("metadata", "status", "apiVersion", "kind")}


def _content(item: Object) -> Object:
    return {**item, "metadata": {k: v for k, v in item["metadata"].items() if k != "managedFields"}}
