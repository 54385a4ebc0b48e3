"""From a file to a `Template`."""

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.template import refusals
from local.template.document import parse
from local.template.events import sources
from local.template.identities import Place
from local.template.intrinsics import Resolver
from local.template.model import Function, Resource, Template, TemplateError

_SERVERLESS = "AWS::Serverless::"
_FUNCTION = f"{_SERVERLESS}Function"
_EVENT_OWNERS = {"AWS::DynamoDB::Table": "StreamArn", "AWS::SQS::Queue": "Arn"}


def load(
    path: Path,
    overrides: Mapping[str, str] | None = None,
    *,
    stack_name: str = "eventflow",
    region: str = "eu-central-1",
    account: str = "123456789012",
    aws_endpoint: str,
) -> Template:
    document = parse(path.read_text(encoding="utf-8"))
    place = Place(stack_name, region, account, aws_endpoint.rstrip("/"))
    resolver = Resolver(document, _parameters(document, overrides or {}), place)
    resources = _resources(document, resolver)
    functions = _functions(resources, resolver)
    refusals.check(functions.values(), resources)
    outputs = {
        name: resolver.resolve(output["Value"], ("Outputs", name))
        for name, output in (document.get("Outputs") or {}).items()
        if "Condition" not in output or resolver.condition(output["Condition"], ("Outputs", name))
    }
    return Template(functions, resources, stack_name, outputs, region, account)


def local_parameters(samconfig: Path) -> dict[str, str]:
    """The parameters that `sam local start-api` would use, so that both ways of running agree."""
    config = tomllib.loads(samconfig.read_text(encoding="utf-8"))
    section = config.get("default", {}).get("local_start_api", {}).get("parameters", {})
    given = section.get("parameter_overrides", [])
    pairs = shlex.split(given) if isinstance(given, str) else given
    return dict(pair.split("=", 1) for pair in pairs)


def _parameters(document: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    declared = document.get("Parameters") or {}
    if unknown := set(overrides) - set(declared):
        raise TemplateError(("Parameters",), f"{sorted(unknown)} are overridden but not declared")
    values = {}
    for name, parameter in declared.items():
        value = overrides.get(name, parameter.get("Default"))
        if value is None:
            raise TemplateError(("Parameters", name), "has no default: override it in samconfig.toml")
        allowed = [str(item) for item in parameter.get("AllowedValues", [])]
        if allowed and _plain(value) not in allowed:
            raise TemplateError(("Parameters", name), f"{value!r} is not one of {allowed}")
        is_list = parameter.get("Type") == "CommaDelimitedList"
        values[name] = _plain(value).split(",") if is_list else _plain(value)
    return values


def _resources(document: Mapping[str, Any], resolver: Resolver) -> dict[str, Resource]:
    shared = document.get("Globals") or {}
    resources = {}
    for logical_id, resource in document["Resources"].items():
        if not resolver.exists(logical_id):
            continue
        where = ("Resources", logical_id)
        properties = resource.get("Properties") or {}
        if resource["Type"].startswith(_SERVERLESS):
            properties = _merged(shared.get(resource["Type"].removeprefix(_SERVERLESS), {}), properties)
        resources[logical_id] = Resource(
            logical_id,
            resource["Type"],
            resolver.resolve(properties, where),
            resolver.name(logical_id, where),
        )
    return resources


def _functions(resources: Mapping[str, Resource], resolver: Resolver) -> dict[str, Function]:
    owners = {
        resolver.identity(id, ("Resources", id)).attributes[_EVENT_OWNERS[resource.type]]: id
        for id, resource in resources.items()
        if resource.type in _EVENT_OWNERS
    }
    return {
        id: _function(resource, owners) for id, resource in resources.items() if resource.type == _FUNCTION
    }


def _function(resource: Resource, owners: Mapping[str, str]) -> Function:
    where = ("Resources", resource.id)
    properties = resource.properties
    if "Handler" not in properties:
        raise TemplateError(where, "has no Handler; container images do not run locally")
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    found = sources(properties.get("Events") or {}, owners, (*where, "Events"))
    return Function(
        id=resource.id,
        handler=properties["Handler"].replace("/", "."),
        timeout=int(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        environment={name: _plain(value) for name, value in variables.items()},
        routes=tuple(found.routes),
        queues=tuple(found.queues),
        streams=tuple(found.streams),
        schedules=tuple(found.schedules),
    )


def _merged(shared: Any, own: Any) -> Any:
    """SAM's rule for Globals: maps merge, lists append, anything else is replaced."""
    match shared, own:
        case dict(), dict():
            if _is_intrinsic(shared) or _is_intrinsic(own):
                return own
            kept = {key: value for key, value in shared.items() if key not in own}
            return kept | {
                key: _merged(shared[key], value) if key in shared else value for key, value in own.items()
            }
        case list(), list():
            return [*shared, *own]
        case _:
            return own


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
