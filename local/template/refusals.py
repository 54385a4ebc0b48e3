"""What AWS would refuse only at deployment, minutes later: `sam validate` lets all of it pass."""

import re
from collections.abc import Iterable, Mapping

from local.template.model import Function, Resource, TemplateError

MAX_ROUTES = 300
_LITERAL = re.compile(r"[A-Za-z0-9._~:@!$&'()*+,;=%-]+")
_VARIABLE = re.compile(r"\{[A-Za-z0-9._-]+\+?\}")
_METHODS = {"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


def check(functions: Iterable[Function], resources: Mapping[str, Resource]) -> None:
    owner: dict[tuple[str, str], str] = {}
    for function in functions:
        where = ("Resources", function.id, "Events")
        for route in function.routes:
            if route.method not in _METHODS:
                raise TemplateError(where, f"{route.method} is not a method that HTTP APIs route")
            _check_path(route.path, where)
            key = (route.method, route.path)
            if key in owner:
                raise TemplateError(where, f"{' '.join(key)} is routed twice, here and by {owner[key]}")
            owner[key] = function.id
        _check_visibility(function, resources)
    if len(owner) > MAX_ROUTES:
        raise TemplateError((), f"{len(owner)} routes: an HTTP API takes {MAX_ROUTES}; split the API")


def _check_path(path: str, where: tuple[str, ...]) -> None:
    if path in ("$default", "/"):
        return
    if not path.startswith("/"):
        raise TemplateError(where, f"path {path!r} must start with '/'")
    parts = path[1:].split("/")
    variables = [part for part in parts if _VARIABLE.fullmatch(part)]
    if len(set(variables)) < len(variables):
        raise TemplateError(where, f"path {path!r} names a variable twice")
    if any(part.endswith("+}") for part in parts[:-1]):
        raise TemplateError(where, f"path {path!r}: a greedy variable must be the last part")
    for part in parts:
        if part not in variables:
            _check_literal(part, path, where)


def _check_literal(part: str, path: str, where: tuple[str, ...]) -> None:
    if "{" in part or "}" in part:
        raise TemplateError(
            where,
            f"path {path!r}: API Gateway refuses {part!r}; a part is a literal or one {{variable}}. "
            "Route the whole part as one variable and split it in the handler",
        )
    if not _LITERAL.fullmatch(part):
        raise TemplateError(where, f"path {path!r}: API Gateway refuses the part {part!r}")


def _check_visibility(function: Function, resources: Mapping[str, Resource]) -> None:
    for source in function.queues:
        visibility = int(resources[source.queue].properties.get("VisibilityTimeout", 30))
        if visibility < function.timeout:
            raise TemplateError(
                ("Resources", source.queue),
                f"Lambda refuses a VisibilityTimeout ({visibility} s) below the Timeout of its function "
                f"({function.id}: {function.timeout} s); AWS advises six times the timeout",
            )
