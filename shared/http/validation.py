"""Pydantic's findings in words for people: which field, what is wrong with it, and what it may be."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from shared.errors import FieldError, Invalid

_SHOWN = 5
_PARTS_OF_A_REQUEST = {"body", "query", "path", "header", "cookie"}


def invalid(errors: Sequence[Mapping[str, Any]], *, known: Sequence[str] = ()) -> Invalid:
    """One refusal for all findings of a request; the message names the first few fields."""
    fields = tuple(_field_error(error, known) for error in errors)
    shown = [field.message for field in fields[:_SHOWN]]
    if len(fields) > _SHOWN:
        shown.append(f"and {len(fields) - _SHOWN} more")
    return Invalid("; ".join(shown), fields=fields)


def _field_error(error: Mapping[str, Any], known: Sequence[str]) -> FieldError:
    field = _path(error["loc"])
    kind = str(error["type"])
    return FieldError(field, _words(field, kind, error, known), kind)


def _path(location: Sequence[object]) -> str:
    """`("body", "env", "PATH")` → `env.PATH`: which part of the request it was says nothing."""
    within = location[1:] if location[:1] and location[0] in _PARTS_OF_A_REQUEST else location
    return ".".join(str(part) for part in within if part != "[key]")


def _words(field: str, kind: str, error: Mapping[str, Any], known: Sequence[str]) -> str:
    context = error.get("ctx") or {}
    match kind:
        case "missing":
            return f"{field} is required" if field else "a JSON body is required"
        case "json_invalid":
            return f"the body is not valid JSON: {context.get('error', 'it cannot be parsed')}"
        case "extra_forbidden":
            near = get_close_matches(field.rpartition(".")[2], known, n=1)
            return f"{field} is not a known field" + (f"; did you mean {near[0]}?" if near else "")
        case "value_error":
            return (
                f"{field}: {context.get('error', error.get('msg'))}" if field else str(context.get("error"))
            )
        case _ if not field:
            return "the body must be a JSON object"
        case _:
            return f"{field}: {_lower(str(error.get('msg', 'is not valid')))}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
