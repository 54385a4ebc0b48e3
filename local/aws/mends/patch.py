"""Replacing a part of moto, and hearing of it at once when a new version has no such part."""

from typing import Any


def replace(owner: Any, name: str, new: Any) -> None:
    if not hasattr(owner, name):
        raise AttributeError(f"moto has no {owner.__name__}.{name} any more: look at its mend")
    setattr(owner, name, new)
