"""Which route of the HTTP API a request takes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from local.template import Function, Route

_VARIABLE = re.compile(r"\{(?P<name>[^{}+]+)(?P<greedy>\+?)\}")


@dataclass(frozen=True)
class Match:
    function: str
    route_key: str
    path: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class _Candidate:
    function: str
    method: str
    key: str
    segments: tuple[str, ...]

    @property
    def greedy(self) -> bool:
        return self.segments[-1].endswith("+}")

    @property
    def precedence(self) -> tuple[object, ...]:
        """Sorts the more specific route first: no greedy variable, literals to the left, its own method."""
        variables = tuple(segment.startswith("{") for segment in self.segments)
        return self.greedy, variables, -len(self.segments), self.method == "ANY"


class Router:
    """API Gateway's order: a full match, then a greedy variable, then $default.

    Where several routes match fully, a literal segment wins over a variable.
    """

    def __init__(self, functions: Iterable[Function]) -> None:
        self._default: str | None = None
        candidates = []
        for function in functions:
            for route in function.routes:
                if route.path == "$default":
                    self._default = function.id
                else:
                    candidates.append(_candidate(function.id, route))
        self._candidates = sorted(candidates, key=lambda candidate: candidate.precedence)

    def match(self, method: str, raw_path: str) -> Match | None:
        """`raw_path` is still percent-encoded, so that an encoded slash does not divide a segment."""
        path = raw_path
        match = self._explicit(method, path)
        if match is None and path.endswith("/") and path != "/":
            # API Gateway would hand this to $default. The platform accepts trailing slashes everywhere, so
            # here the route without the slash serves it, as the $default handler does on AWS.
            match = self._explicit(method, path.rstrip("/") or "/")
        if match is None and self._default is not None:
            match = Match(self._default, "$default", unquote(path), {})
        return match

    def _explicit(self, method: str, path: str) -> Match | None:
        segments = path.split("/")[1:]
        for candidate in self._candidates:
            if candidate.method in (method, "ANY") and _fits(candidate.segments, segments):
                parameters = _parameters(candidate.segments, segments)
                return Match(candidate.function, candidate.key, unquote(path), parameters)
        return None


def _candidate(function: str, route: Route) -> _Candidate:
    return _Candidate(
        function, route.method, f"{route.method} {route.path}", tuple(route.path.split("/")[1:])
    )


def _fits(wanted: tuple[str, ...], segments: list[str]) -> bool:
    if wanted[-1].endswith("+}"):
        if len(segments) < len(wanted) or not segments[len(wanted) - 1]:
            return False
        wanted = wanted[:-1]
    elif len(wanted) != len(segments):
        return False
    return all(
        bool(segment) if want.startswith("{") else unquote(segment) == want
        for want, segment in zip(wanted, segments, strict=False)
    )


def _parameters(wanted: tuple[str, ...], segments: list[str]) -> dict[str, str]:
    parameters = {}
    for index, want in enumerate(wanted):
        if variable := _VARIABLE.fullmatch(want):
            value = "/".join(segments[index:]) if variable["greedy"] else segments[index]
            parameters[variable["name"]] = unquote(value)
    return parameters
