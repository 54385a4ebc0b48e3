"""Whether an object on the cluster still says everything that we want of it.

Only what we want is compared: the cluster adds defaults, and others may add their own. What we stopped
wanting shows in the spec hash, which is wanted like any other field.
"""

from typing import Any

from shared.cluster.port import Manifest


def differs(wanted: Manifest, observed: Manifest | None) -> bool:
    return observed is None or not _says(observed, wanted)


def _says(observed: Any, wanted: Any) -> bool:
    match wanted:
        case dict():
            return isinstance(observed, dict) and all(
                key in observed and _says(observed[key], value) for key, value in wanted.items()
            )
        case list():
            return isinstance(observed, list) and _list_says(observed, wanted)
        case _:
            return bool(observed == wanted)


def _list_says(observed: list[Any], wanted: list[Any]) -> bool:
    """Lists of named things may hold others' things too, such as a sidecar that a mesh has added."""
    if wanted and all(isinstance(item, dict) and "name" in item for item in wanted):
        named = {item.get("name"): item for item in observed if isinstance(item, dict)}
        return all(item["name"] in named and _says(named[item["name"]], item) for item in wanted)
    return len(observed) == len(wanted) and all(map(_says, observed, wanted))
