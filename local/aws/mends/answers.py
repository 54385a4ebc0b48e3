"""Answering costs moto more than the work: it tries ten names for each attribute value and lists its folder.

https://github.com/getmoto/moto/blob/5.2.5/moto/core/serialize.py#L391 and
https://github.com/getmoto/moto/blob/5.2.5/moto/backends.py#L189
A page of 20 items spent 11 of its 12 ms here. Binary values in streams, twice encoded, come out right.
"""

import base64
import functools
from typing import Any

from moto import backends
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class

from local.aws.mends.patch import replace

_list_of_moto_modules = backends.list_of_moto_modules
_serialize_type_structure = BaseJSONSerializer._serialize_type_structure


def install() -> None:
    replace(BaseJSONSerializer, "_serialize_type_structure", serialize_type_structure)
    replace(backends, "list_of_moto_modules", _known_modules)
    replace(responses, "method_names_from_class", functools.cache(method_names_from_class))


@functools.cache
def _known_modules() -> frozenset[str]:
    return frozenset(_list_of_moto_modules())


def serialize_type_structure(
    self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str
) -> None:
    if shape.name == "AttributeValue" and value is not None:
        serialized[key] = _wire(value)
    else:
        _serialize_type_structure(self, serialized, value, shape, key)


def _wire(value: Any) -> Any:
    """An attribute value as it travels. It is that already, but for raw bytes."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {name: _wire(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_wire(item) for item in value]
    return value
