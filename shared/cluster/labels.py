"""How our objects are marked, and how a mark leads back to its record.

A label's value has 63 plain characters at most; an owner's id may be anything. So the label only selects,
and the annotation beside it names the owner exactly.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from shared.cluster.port import Manifest

RUN = "eventflow.io/run"
OWNER = "eventflow.io/owner"
FUNCTION = "function"
SPEC_HASH = "eventflow.io/spec-hash"
TEMPLATE_HASH = "eventflow.io/template-hash"
COMPONENT = "app.kubernetes.io/component"

FUNCTION_CONTAINER = FUNCTION_COMPONENT = "function"
"""What a function's own pods are called, inside and out; those of its runs bear other names."""

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Platform:
    """What of the settings shows in manifests. `instance` marks what is ours."""

    instance: str
    runtime_class_name: str = ""


@dataclass(frozen=True)
class FunctionKey:
    owner: str
    name: str


@dataclass(frozen=True)
class RunKey:
    id: str


Key = FunctionKey | RunKey


def ours(platform: Platform) -> dict[str, str]:
    """On every object that we make; what we list and watch by."""
    return {
        "app.kubernetes.io/managed-by": "eventflow",
        "app.kubernetes.io/instance": label_value(platform.instance),
    }


def of_function(owner: str, name: str) -> dict[str, str]:
    return {"app": "eventflow-function", FUNCTION: name, OWNER: label_value(owner)}


def of_run(run_id: str) -> dict[str, str]:
    return {RUN: run_id}


def label_value(text: str) -> str:
    if _LABEL_VALUE.fullmatch(text):
        return text
    return f"sha256-{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def key_of(manifest: Manifest) -> Key | None:
    """Whose object this is. None: one of a tenant, or not ours."""
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    owner = (metadata.get("annotations") or {}).get(OWNER)
    if RUN in labels:
        return RunKey(labels[RUN])
    if owner is not None and FUNCTION in labels:
        return FunctionKey(owner, labels[FUNCTION])
    return None


def digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamped(manifest: Manifest) -> Manifest:
    """With a digest of itself. A field that we stop wanting is absent from what we want, and shows here."""
    metadata = manifest["metadata"]
    annotations = metadata.get("annotations", {}) | {SPEC_HASH: digest(manifest)}
    return manifest | {"metadata": metadata | {"annotations": annotations}}
