"""Who owns which field: server-side apply, and the bookkeeping of ordinary updates. Pure.

The rules are those of Kubernetes' structured merge: an applier owns exactly what it applied; changing a field
that somebody else owns is a conflict unless forced; what an applier no longer mentions is removed, unless
somebody else owns it too. An update takes ownership of what it changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from local.cluster import fields
from local.cluster.errors import ApiError, Cause
from local.cluster.fields import FieldPath, Fields
from local.cluster.objects import Object
from local.cluster.schema import Path, is_atomic, is_set, item_key, list_keys


@dataclass(frozen=True)
class Writer:
    """One line of managedFields, without the fields."""

    manager: str
    operation: Literal["Apply", "Update"]
    api_version: str
    subresource: str = ""


@dataclass(frozen=True)
class Claim:
    """A line of managedFields."""

    writer: Writer
    time: str
    fields: Fields

    def as_json(self) -> Object:
        entry: Object = {
            "manager": self.writer.manager,
            "operation": self.writer.operation,
            "apiVersion": self.writer.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields.to_v1(self.fields),
        }
        return entry | {"subresource": self.writer.subresource} if self.writer.subresource else entry


def claims_of(item: Object | None) -> list[Claim]:
    entries = (item or {}).get("metadata", {}).get("managedFields") or ()
    return [
        Claim(
            Writer(entry["manager"], entry["operation"], entry["apiVersion"], entry.get("subresource", "")),
            entry["time"],
            fields.from_v1(entry["fieldsV1"]),
        )
        for entry in entries
    ]


def with_claims(item: Object, claims: Iterable[Claim]) -> Object:
    meta = {name: value for name, value in item["metadata"].items() if name != "managedFields"}
    if entries := [claim.as_json() for claim in claims if claim.fields]:
        meta["managedFields"] = entries
    return {**item, "metadata": meta}


def apply(live: Object, config: Object, writer: Writer, *, force: bool) -> tuple[Object, Fields, list[Claim]]:
    """The merged object, the fields that the writer now owns, and what is left to the others."""
    claims = claims_of(live)
    mine = next((claim.fields for claim in claims if claim.writer == writer), frozenset[FieldPath]())
    others = [claim for claim in claims if claim.writer != writer]
    wanted = frozenset(fields.leaves(config))

    merged = merge(live, config)
    touched = fields.changed(fields.leaves(live), fields.leaves(merged)) & wanted
    conflicts = [(claim.writer, path) for claim in others for path in sorted(claim.fields & touched)]
    if conflicts and not force:
        raise _conflict(conflicts)
    others = [replace(claim, fields=claim.fields - touched) for claim in others]

    held = wanted.union(*(claim.fields for claim in others))
    return _prune(merged, mine - wanted, held), wanted, others


def _prune(merged: Object, dropped: Fields, kept: Fields) -> Object:
    held = {path[:length] for path in kept for length in range(1, len(path) + 1)} if dropped else set()
    for path in sorted(dropped, key=len):  # an item goes as a whole, before its parts could
        if path not in held and not fields.is_key(path):
            merged = fields.without(merged, path)
    return merged


def update(before: Object | None, after: Object, writer: Writer, now: str) -> Object:
    """The new object with its managedFields after an ordinary create, replace or patch."""
    claims = claims_of(before)
    old, new = fields.leaves(before) if before else {}, fields.leaves(after)
    taken = fields.changed(old, new)
    gone = frozenset(old) - frozenset(new)
    if not taken and not gone:
        return with_claims(after, claims)
    mine = next((claim.fields for claim in claims if claim.writer == writer), frozenset[FieldPath]())
    kept = [replace(claim, fields=claim.fields - taken - gone) for claim in claims if claim.writer != writer]
    return with_claims(after, [*kept, Claim(writer, now, (mine - gone) | taken)])


def merge(live: Any, config: Any, path: Path = ()) -> Any:
    """The applied configuration laid over the live object."""
    if isinstance(config, dict) and isinstance(live, dict) and not is_atomic(path):
        result = dict(live)
        for name, value in config.items():
            if value is not None:
                result[name] = merge(live.get(name), value, (*path, name))
        return result
    if isinstance(config, list) and isinstance(live, list):
        if is_set(path):
            return list(dict.fromkeys([*live, *config]))
        if (keys := list_keys(path)) is not None:
            return _merge_list(live, config, keys, path)
    return _without_nulls(config)


def _merge_list(live: Sequence[Any], config: Sequence[Any], keys: tuple[str, ...], path: Path) -> list[Any]:
    """Items by key; the applied ones keep the order in which they were applied."""
    old = {item_key(item, keys): item for item in live}
    new = {item_key(item, keys): merge(old.get(item_key(item, keys)), item, (*path, "[]")) for item in config}
    in_order = iter([key for key in new if key in old])
    slots = [next(in_order) if key in new else key for key in old]
    return [new.get(key, old.get(key)) for key in [*slots, *(key for key in new if key not in old)]]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(child) for name, child in value.items() if child is not None}
    return value


def _conflict(conflicts: Sequence[tuple[Writer, FieldPath]]) -> ApiError:
    by_writer: dict[Writer, list[str]] = {}
    for writer, path in conflicts:
        by_writer.setdefault(writer, []).append(fields.shown(path))
    several = len(conflicts) > 1
    parts = []
    for writer, names in by_writer.items():
        who = f'"{writer.manager}"' + (
            f' with subresource "{writer.subresource}"' if writer.subresource else ""
        )
        head = f"conflict{'s' if len(names) > 1 else ''} with {who} using {writer.api_version}"
        parts.append(
            f"{head}:\n" + "\n".join(f"- {name}" for name in names) if several else f"{head}: {names[0]}"
        )
    causes = [
        Cause(
            fields.shown(path),
            f'conflict with "{writer.manager}" using {writer.api_version}',
            "FieldManagerConflict",
        )
        for writer, path in conflicts
    ]
    count = f"{len(conflicts)} conflict{'s' if several else ''}"
    message = f"Apply failed with {count}: " + "\n".join(parts)
    return ApiError(409, "Conflict", message, {"causes": [cause.as_json() for cause in causes]})
