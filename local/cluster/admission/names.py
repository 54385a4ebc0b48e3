"""Names, labels and annotations that no cluster accepts. Pure."""

import re

from local.cluster.admission.causes import Causes, required, too_long, wrong
from local.cluster.objects import Object
from local.cluster.resources import NAMESPACES, SERVICES, Kind

_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_KEY = re.compile(r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' "
    "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LABEL_NAMED = frozenset({NAMESPACES, SERVICES})
_ANNOTATIONS = 262_144


def label_name(field: str, name: str) -> Causes:
    """A name that must fit into one part of a domain name."""
    if len(name) > 63:
        yield wrong(field, name, "must be no more than 63 characters")
    if not _LABEL.match(name):
        yield wrong(field, name, _LABEL_RULE)


def metadata(kind: Kind, meta: Object) -> Causes:
    name = meta.get("name", "")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif kind in _LABEL_NAMED:
        yield from label_name("metadata.name", name)
    else:
        if len(name) > 253:
            yield wrong("metadata.name", name, "must be no more than 253 characters")
        if not _SUBDOMAIN.match(name):
            yield wrong("metadata.name", name, _SUBDOMAIN_RULE)
    yield from labels("metadata.labels", meta.get("labels") or {})
    annotations: Object = meta.get("annotations") or {}
    if sum(len(key) + len(str(value)) for key, value in annotations.items()) > _ANNOTATIONS:
        yield too_long("metadata.annotations", _ANNOTATIONS)


def labels(field: str, given: Object) -> Causes:
    for key, value in given.items():
        if not _KEY.match(key):
            yield wrong(field, key, _KEY_RULE)
        if not isinstance(value, str) or not _VALUE.match(value):
            yield wrong(field, value, _VALUE_RULE)
