"""`python -m local.cluster.typegen`: writes types.json, which fields the served kinds have and of which type.

It is derived from the official client's models, which in turn are derived from Kubernetes' own OpenAPI.
Importing those takes most of a second, so the emulator reads this extract instead.
"""

import json
import re
from pathlib import Path
from typing import Any

from local.cluster.resources import KINDS

PATH = Path(__file__).with_name("types.json")

_CLASS = re.compile(r"\b(?:V\d\w+|\w+V\d\w+)\b")
_EVENT = "CoreV1Event"  # the only kind whose model is not named after its version and itself


def extract() -> dict[str, Any]:
    from kubernetes.client import models  # 600 ms, and only here

    roots = {f"{kind.api_version} {kind.kind}": _model(kind.api_version, kind.kind) for kind in KINDS}
    found: dict[str, dict[str, str]] = {}
    waiting = [name for name in roots.values()]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        model = getattr(models, name)
        found[name] = {
            model.attribute_map[field]: declared for field, declared in sorted(model.openapi_types.items())
        }
        waiting += [each for declared in found[name].values() for each in _CLASS.findall(declared)]
    return {"kinds": roots, "types": dict(sorted(found.items()))}


def _model(api_version: str, kind: str) -> str:
    if kind == "Event":
        return _EVENT if api_version == "v1" else "EventsV1Event"
    return "V1" + kind


def text(extracted: dict[str, Any]) -> str:
    """One type a line, so that a new version of the client shows as a readable difference."""
    types = [f"    {json.dumps(name)}: {json.dumps(fields)}" for name, fields in extracted["types"].items()]
    kinds = [f"    {json.dumps(name)}: {json.dumps(model)}" for name, model in extracted["kinds"].items()]
    return (
        '{\n  "kinds": {\n' + ",\n".join(kinds) + '\n  },\n  "types": {\n' + ",\n".join(types) + "\n  }\n}\n"
    )


if __name__ == "__main__":
    PATH.write_text(text(extract()))
