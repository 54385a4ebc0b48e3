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


@lru_cache(maxsize=4096)
def shown(number: Decimal, like: str) -> str:
    """A number in the manner of another quantity of the same resource."""
    if like.endswith("i"):
        for suffix in reversed(_BINARY):
            if number and number % _BINARY[suffix] == 0:
                return f"{int(number / _BINARY[suffix])}{suffix}"
    if number == number.to_integral_value():
        return str(int(number))
    return f"{int((number * 1000).to_integral_value(rounding='ROUND_CEILING'))}m"
