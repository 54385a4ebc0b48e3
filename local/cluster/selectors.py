"""Label and field selectors: text in, a predicate out. Pure."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from local.cluster import errors
from local.cluster.objects import Object, dig, labels_of
from local.cluster.resources import Kind

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_IN = re.compile(rf"^({_NAME})\s+(in|notin)\s*\(([^()]*)\)$")
_EQUALS = re.compile(rf"^({_NAME})\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)$")
_EXISTS = re.compile(rf"^(!?)\s*({_NAME})$")
_BETWEEN = re.compile(r",(?![^()]*\))")  # commas that are not within brackets

_FIELDS: dict[str, tuple[str, ...]] = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
}
_MORE_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "status.phase",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "status.podIP",
    ),
    "namespaces": ("status.phase",),
    "jobs.batch": ("status.successful",),
    "secrets": ("type",),
    "events": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.uid",
        "reason",
        "type",
    ),
}


def _equals(name: str, value: str) -> Test:
    return lambda labels: labels.get(name) == value


def _differs(name: str, value: str) -> Test:
    return lambda labels: labels.get(name) != value


def _among(name: str, values: frozenset[str]) -> Test:
    return lambda labels: name in labels and labels[name] in values


def _not_among(name: str, values: frozenset[str]) -> Test:
    return lambda labels: labels.get(name) not in values


def _has(name: str) -> Test:
    return lambda labels: name in labels


def _lacks(name: str) -> Test:
    return lambda labels: name not in labels


def _requirement(text: str) -> Test:
    if found := _IN.match(text):
        name, operator, listed = found.groups()
        values = frozenset(value.strip() for value in listed.split(","))
        return _among(name, values) if operator == "in" else _not_among(name, values)
    if found := _EQUALS.match(text):
        name, operator, value = found.groups()
        return _differs(name, value) if operator == "!=" else _equals(name, value)
    if found := _EXISTS.match(text):
        negated, name = found.groups()
        return _lacks(name) if negated else _has(name)
    raise errors.bad_request(f"unable to parse requirement: {text!r} is not a label selector")


@lru_cache(maxsize=512)
def label_test(text: str) -> Test:
    tests = [_requirement(part.strip()) for part in _BETWEEN.split(text)] if text.strip() else []
    return lambda labels: all(test(labels) for test in tests)


def selector_test(selector: Object) -> Test:
    """A LabelSelector of a spec (matchLabels, matchExpressions) as a predicate."""
    tests = [_equals(name, value) for name, value in (selector.get("matchLabels") or {}).items()]
    for term in selector.get("matchExpressions") or ():
        name, values = term["key"], frozenset(term.get("values") or ())
        match term["operator"]:
            case "In":
                tests.append(_among(name, values))
            case "NotIn":
                tests.append(_not_among(name, values))
            case "Exists":
                tests.append(_has(name))
            case _:
                tests.append(_lacks(name))
    return lambda labels: all(test(labels) for test in tests)


def field_test(kind: Kind, text: str) -> Callable[[Object], bool]:
    wanted = [_field_term(kind, part.strip()) for part in text.split(",") if part.strip()]
    return lambda item: all((_text(dig(item, *path)) == value) is same for path, value, same in wanted)


def _field_term(kind: Kind, term: str) -> tuple[tuple[str, ...], str, bool]:
    found = re.match(r"^([A-Za-z.]+)\s*(==|=|!=)\s*(.*)$", term)
    if not found:
        raise errors.bad_request(f"invalid selector: {term!r}; can't understand {term!r}")
    name, operator, value = found.groups()
    if name not in _FIELDS and name not in _MORE_FIELDS.get(kind.resource, ()):
        raise errors.bad_request(f"field label not supported: {name}")
    return tuple(name.split(".")), value, operator != "!="


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def matcher(kind: Kind, labels: str, fields: str) -> Callable[[Object], bool]:
    """Both selectors of a request as one predicate on objects."""
    by_label, by_field = label_test(labels), field_test(kind, fields)
    if not labels and not fields:
        return lambda item: True
    return lambda item: by_label(labels_of(item)) and by_field(item)
