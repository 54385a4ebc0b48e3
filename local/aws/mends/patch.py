"""Replacing a part of moto, and hearing of it at once when a new version has no such part."""

from typing import Any

_set = setattr  # tests put a setter here that is undone


def replace(owner: Any, name: str, new: Any) -> None:
    if not hasattr(owner, name):
        raise AttributeError(f"moto has no {owner.__name__}.{name} any more: look at its mend")
    _set(owner, name, new)
