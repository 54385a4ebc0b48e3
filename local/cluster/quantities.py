"""Kubernetes' quantities: "500m", "128Mi", "1e3". Pure."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

_FORMAT = re.compile(r"^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(|[numkKMGTPE]|[KMGTPE]i|[eE][+-]?\d+)$")
_BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)}
_SMALL = {"": Decimal(1), "m": Decimal("0.001"), "u": Decimal("0.000001"), "n": Decimal("0.000000001")}
_SUFFIXES = _BINARY | _DECIMAL | _SMALL


@lru_cache(maxsize=4096)
def _parse(text: str) -> Decimal | None:
    found = _FORMAT.match(text)
    if not found:
        return None
    number, suffix = found.groups()
    if suffix in _SUFFIXES:
        return Decimal(number) * _SUFFIXES[suffix]
    return Decimal(number + suffix) if suffix[:1] in "eE" else None


def valid(value: Any) -> bool:
    return not isinstance(value, bool) and _parse(str(value)) is not None


def parse(value: Any) -> Decimal:
    """The number; what is no quantity counts as zero, since validation has refused it before."""
    return _parse(str(value)) or Decimal(0)


def canonical(value: Any) -> Any:
    """The form in which the server keeps a quantity: 0.5 as 500m, 1024Mi as 1Gi. Anything else stays."""
    text = str(value)
    number = None if isinstance(value, bool) else _parse(text)
    if number is None or (text[-1:].isdigit() and ("e" in text or "E" in text)):
        return value
    return written(number, binary=text.endswith("i"))


@lru_cache(maxsize=4096)
def written(number: Decimal, *, binary: bool) -> str:
    """With the largest suffix that needs no fraction."""
    if number == 0:
        return "0"
    if binary and number == number.to_integral_value():
        suffix = next((each for each in reversed(_BINARY) if number % _BINARY[each] == 0), "")
        return f"{int(number / _SUFFIXES[suffix])}{suffix}"
    sizes = (*reversed(_DECIMAL), *_SMALL)
    suffix = next((each for each in sizes if number % _SUFFIXES[each] == 0), "n")
    return f"{int((number / _SUFFIXES[suffix]).to_integral_value(rounding='ROUND_CEILING'))}{suffix}"


def shown(number: Decimal, like: str) -> str:
    """A number in the manner of another quantity of the same resource."""
    return written(number, binary=like.endswith("i"))
