"""What answers where no route matches: 404, or 405 where the path exists for other methods."""

import json
import re
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response

from shared.errors import MethodNotAllowed, NotFound
from shared.http.api import Api
from shared.http.events import HttpEvent

_PATH_CHARACTERS = "/:@!$&'()*+,;=~"


class CatchAll(Api):
    """The `$default` route. It knows the other routes from the API's own description."""

    def __init__(self) -> None:
        super().__init__(public=True)
        self.not_found(self._nowhere)

    def _nowhere(self, _: Exception) -> Response[str]:
        event = self.asked
        allowed = methods_at(event.path)
        if event.slashed and event.method in allowed:
            return self._without_slash(event)
        if not allowed:
            return self._refuse(NotFound(f"there is nothing at {event.path[:200]}"))
        message = f"{event.method} is not allowed at {event.path[:200]}; it takes {', '.join(allowed)}"
        return self._refuse(MethodNotAllowed(message, allow=allowed))

    def _without_slash(self, event: HttpEvent) -> Response[str]:
        """API Gateway routes `/v1/functions/` apart from `/v1/functions`; to callers they are one."""
        where = quote(event.path, safe=_PATH_CHARACTERS) + (f"?{event.query}" if event.query else "")
        return Response(308, content_type="text/plain", body="", headers={"Location": where})


def methods_at(path: str) -> list[str]:
    return sorted(
        {method for pattern, methods in _patterns() for method in methods if pattern.fullmatch(path)}
    )


@cache
def _patterns() -> list[tuple[re.Pattern[str], list[str]]]:
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), [method.upper() for method in operations])
        for path, operations in description()["paths"].items()
    ]


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document as it was generated from the handlers; `make check` compares it with them."""
    document: dict[str, Any] = json.loads(resources.files("shared.http").joinpath("openapi.json").read_text())
    return document
