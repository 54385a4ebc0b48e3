"""What is wrong with a field, in the words of a real API server. Pure."""

from collections.abc import Iterator
from typing import Any

from local.cluster.errors import Cause

Causes = Iterator[Cause]


def required(field: str, why: str = "") -> Cause:
    return Cause(field, f"Required value{': ' + why if why else ''}", "FieldValueRequired")


def wrong(field: str, value: Any, why: str) -> Cause:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return Cause(field, f"Invalid value: {shown}: {why}")


def unsupported(field: str, value: Any, *supported: str) -> Cause:
    listed = ", ".join(f'"{each}"' for each in supported)
    return Cause(field, f'Unsupported value: "{value}": supported values: {listed}', "FieldValueNotSupported")


def forbidden(field: str, why: str) -> Cause:
    return Cause(field, f"Forbidden: {why}", "FieldValueForbidden")


def duplicate(field: str, value: str) -> Cause:
    return Cause(field, f'Duplicate value: "{value}"', "FieldValueDuplicate")


def not_found(field: str, value: str) -> Cause:
    return Cause(field, f'Not found: "{value}"', "FieldValueNotFound")


def too_long(field: str, most: int) -> Cause:
    return Cause(field, f"Too long: may not be more than {most} bytes", "FieldValueTooLong")
