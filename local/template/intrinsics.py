"""CloudFormation's intrinsic functions, resolved to plain values."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.template.identities import NAME_PROPERTIES, Identity, Place, identity, physical_name
from local.template.model import TemplateError

Where = tuple[str, ...]

_NO_VALUE = object()
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_ESCAPED = re.compile(r"\$\{!([^}]*)\}")
# Deeper than any sane template nests: two resources that name each other.
_MAX_DEPTH = 120


@dataclass(frozen=True)
class Resolver:
    document: Mapping[str, Any]
    parameters: Mapping[str, Any]
    place: Place

    def resolve(self, value: Any, where: Where) -> Any:
        if len(where) > _MAX_DEPTH:
            raise TemplateError(where[:4], "refers to itself, directly or through other resources")
        if isinstance(value, dict):
            if len(value) == 1:
                [(name, argument)] = value.items()
                if name in _FUNCTIONS and not (name == "Condition" and not isinstance(argument, str)):
                    return _FUNCTIONS[name](self, argument, (*where, name))
                if str(name).startswith("Fn::"):
                    raise TemplateError(where, f"{name} is not emulated locally; known are {_known()}")
            resolved = {key: self.resolve(item, (*where, str(key))) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not _NO_VALUE}
        if isinstance(value, list):
            items = [self.resolve(item, (*where, str(index))) for index, item in enumerate(value)]
            return [item for item in items if item is not _NO_VALUE]
        return value

    def condition(self, name: str, where: Where) -> bool:
        conditions = self.document.get("Conditions", {})
        if name not in conditions:
            raise TemplateError(where, f"there is no condition {name!r} in Conditions")
        return _truth(self, conditions[name], (*where, "Conditions", name))

    def exists(self, logical_id: str) -> bool:
        resource = self.document["Resources"].get(logical_id)
        return resource is not None and (
            "Condition" not in resource or self.condition(resource["Condition"], ("Resources", logical_id))
        )

    def name(self, logical_id: str, where: Where) -> str:
        resource = self.document["Resources"][logical_id]
        resource_type = resource["Type"]
        given = (resource.get("Properties") or {}).get(NAME_PROPERTIES.get(resource_type, ""))
        if given is None:
            return physical_name(resource_type, logical_id, self.place)
        return str(self.resolve(given, (*where, logical_id)))

    def identity(self, logical_id: str, where: Where) -> Identity:
        if not self.exists(logical_id):
            raise TemplateError(
                where,
                f"nothing is called {logical_id!r} (or its Condition is false); define it or fix the name",
            )
        resource_type = self.document["Resources"][logical_id]["Type"]
        found = identity(resource_type, self.name(logical_id, where), self.place)
        if found is None:
            raise TemplateError(
                where,
                f"{logical_id} is a {resource_type}, whose names local/template/identities.py does not know",
            )
        return found


def _ref(resolver: Resolver, name: Any, where: Where) -> Any:
    place = resolver.place
    pseudo = {
        "AWS::AccountId": place.account,
        "AWS::NoValue": _NO_VALUE,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": place.region,
        "AWS::StackId": place.arn("cloudformation", f"stack/{place.stack_name}/local"),
        "AWS::StackName": place.stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    if name in pseudo:
        return pseudo[name]
    if name in resolver.parameters:
        return resolver.parameters[name]
    return resolver.identity(name, where).ref


def _get_att(resolver: Resolver, argument: Any, where: Where) -> str:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    attributes = resolver.identity(logical_id, where).attributes
    if attribute not in attributes:
        known = ", ".join(sorted(attributes))
        raise TemplateError(where, f"{logical_id} has no attribute {attribute!r}; known are {known}")
    return attributes[attribute]


def _sub(resolver: Resolver, argument: Any, where: Where) -> str:
    text, given = argument if isinstance(argument, list) else (argument, {})

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in given:
            return _text(resolver.resolve(given[name], (*where, name)))
        return _text(_get_att(resolver, name, where) if "." in name else _ref(resolver, name, where))

    return _ESCAPED.sub(r"${\1}", _VARIABLE.sub(value, text))


def _if(resolver: Resolver, argument: Any, where: Where) -> Any:
    name, then, otherwise = argument
    return resolver.resolve(then if resolver.condition(name, where) else otherwise, where)


def _truth(resolver: Resolver, value: Any, where: Where) -> bool:
    result = resolver.resolve(value, where)
    if not isinstance(result, bool):
        raise TemplateError(where, "a condition must be Fn::Equals, Fn::Not, Fn::And, Fn::Or or Condition")
    return result


def _equals(resolver: Resolver, argument: Any, where: Where) -> bool:
    left, right = resolver.resolve(argument, where)
    return _text(left) == _text(right)


def _join(resolver: Resolver, argument: Any, where: Where) -> str:
    delimiter, parts = resolver.resolve(argument, where)
    return str(delimiter).join(_text(part) for part in parts)


def _select(resolver: Resolver, argument: Any, where: Where) -> Any:
    index, items = resolver.resolve(argument, where)
    try:
        return items[int(index)]
    except IndexError as error:
        raise TemplateError(where, f"there is no item {index} among {len(items)}") from error


def _split(resolver: Resolver, argument: Any, where: Where) -> list[str]:
    delimiter, text = resolver.resolve(argument, where)
    return str(text).split(delimiter)


def _find_in_map(resolver: Resolver, argument: Any, where: Where) -> Any:
    name, first, second = resolver.resolve(argument, where)
    try:
        return resolver.document["Mappings"][name][first][second]
    except KeyError as error:
        raise TemplateError(where, f"Mappings has no {name}/{first}/{second}") from error


def _text(value: Any) -> str:
    """CloudFormation writes booleans the way JSON does."""
    return value if isinstance(value, str) else json.dumps(value)


def _known() -> str:
    return ", ".join(sorted(_FUNCTIONS))


_FUNCTIONS: Mapping[str, Callable[[Resolver, Any, Where], Any]] = {
    "Condition": lambda resolver, name, where: resolver.condition(name, where),
    "Fn::And": lambda resolver, items, where: all([_truth(resolver, item, where) for item in items]),
    "Fn::Base64": lambda resolver, value, where: base64.b64encode(
        _text(resolver.resolve(value, where)).encode()
    ).decode(),
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Not": lambda resolver, items, where: not _truth(resolver, items[0], where),
    "Fn::Or": lambda resolver, items, where: any([_truth(resolver, item, where) for item in items]),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Ref": _ref,
}
