"""Cross-origin requests, as API Gateway treats them when the API has a CorsConfiguration.

It answers preflights itself, so no function runs for them, and replaces what functions say about CORS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.gateway.answer import Answer, Headers
from local.template import Template

_PREFIX = "access-control-"


@dataclass(frozen=True)
class Cors:
    origins: Sequence[str]
    methods: Sequence[str]
    headers: Sequence[str]
    exposed: Sequence[str]
    credentials: bool
    max_age: int | None

    def preflight(self, origin: str, requested_method: str) -> Answer:
        """204 in any case; a browser goes on only if the headers allow it."""
        if not self._allows(origin) or not ({requested_method, "*"} & set(self.methods)):
            return Answer(204, [], b"")
        headers = self._common(origin)
        headers.append(("access-control-allow-methods", ",".join(self.methods)))
        if self.headers:
            headers.append(("access-control-allow-headers", ",".join(self.headers)))
        if self.max_age is not None:
            headers.append(("access-control-max-age", str(self.max_age)))
        return Answer(204, headers, b"")

    def applied(self, headers: Headers, origin: str) -> Headers:
        """The response headers of an actual request from `origin`."""
        kept = [pair for pair in headers if not pair[0].startswith(_PREFIX)]
        if not self._allows(origin):
            return kept
        kept += self._common(origin)
        if self.exposed:
            kept.append(("access-control-expose-headers", ",".join(self.exposed)))
        return kept

    def _allows(self, origin: str) -> bool:
        return any(
            allowed in ("*", origin) or (allowed.endswith("://*") and origin.startswith(allowed[:-1]))
            for allowed in self.origins
        )

    def _common(self, origin: str) -> Headers:
        anyone = "*" in self.origins and not self.credentials
        headers = [("access-control-allow-origin", "*" if anyone else origin)]
        if not anyone:
            headers.append(("vary", "origin"))
        if self.credentials:
            headers.append(("access-control-allow-credentials", "true"))
        return headers


def cors_of(template: Template) -> Cors | None:
    for resource in template.resources.values():
        if resource.type == "AWS::Serverless::HttpApi" and "CorsConfiguration" in resource.properties:
            return _parse(resource.properties["CorsConfiguration"])
    return None


def _parse(configuration: Any) -> Cors | None:
    if not isinstance(configuration, Mapping):  # `true` stands for every origin
        return Cors(["*"], ["*"], ["*"], [], False, None) if configuration else None
    max_age = configuration.get("MaxAge")
    return Cors(
        origins=_list(configuration.get("AllowOrigins")),
        methods=_list(configuration.get("AllowMethods")),
        headers=_list(configuration.get("AllowHeaders")),
        exposed=_list(configuration.get("ExposeHeaders")),
        credentials=str(configuration.get("AllowCredentials", False)).lower() == "true",
        max_age=None if max_age is None else int(max_age),
    )


def _list(values: Any) -> list[str]:
    return [values] if isinstance(values, str) else [str(value) for value in values or []]
