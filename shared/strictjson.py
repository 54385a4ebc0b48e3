"""JSON as RFC 8259 has it: what is read here can be written again, by us and for anybody.

Python's parser is more generous. It takes NaN and numbers that become infinite, half of a surrogate pair, and
nesting deeper than its own writer can follow. Callers and containers send such things.
"""

import json
import math
from typing import Any, NoReturn

DEEPEST = 100
"""Levels of arrays and objects inside each other. Pydantic's serialiser gives up at 255."""


def loads(text: str) -> Any:
    """Raises JSONDecodeError, whatever is wrong."""
    try:
        value = json.loads(text, parse_constant=_refused, parse_float=_finite)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise json.JSONDecodeError(f"more than {DEEPEST} levels deep", text, 0) from error
    except ValueError as error:
        raise json.JSONDecodeError(str(error), text, 0) from error
    if text.count("[") + text.count("{") > DEEPEST and _deeper_than(value, DEEPEST):
        raise json.JSONDecodeError(f"more than {DEEPEST} levels deep", text, 0)
    if "\\u" in text and not _writable(value):
        raise json.JSONDecodeError("half of a surrogate pair", text, 0)
    return value


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(inner, levels - 1) for inner in inside)


def _writable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
