"""`make openapi`: the API's description, from the handlers as they are. `--check` fails if it is stale."""

import argparse
import importlib
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

from shared.errors import NotFound
from shared.http import Api, families

PROJECT = Path(__file__).parent.parent
DOCUMENT = PROJECT / "shared/http/openapi.json"

_SUMMARY = "Functions on Kubernetes behind a serverless control plane"
_EXAMPLE_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def modules() -> Iterator[ModuleType]:
    """Every HTTP handler: the modules with an `app`."""
    for path in sorted((PROJECT / "handlers").glob("*/*.py")):
        if path.parent.name != "workers" and path.name != "__init__.py":
            yield importlib.import_module(f"handlers.{path.parent.name}.{path.stem}")


def document() -> dict[str, Any]:
    merge = OpenAPIMerge(
        title="EventFlow",
        version="1.0.0",
        summary=_SUMMARY,
        openapi_version="3.1.0",
        on_conflict="error",
    )
    for module in modules():
        app: Api = module.app
        schema = app.get_openapi_schema().model_dump(by_alias=True, exclude_none=True, mode="json")
        for path, operation in _operations(schema):
            operation |= {
                "tags": [module.__name__.split(".")[1]],
                "summary": _summary(module),
                "security": [] if app.public else [{"bearer": []}],
                "responses": _responses(path, operation["responses"]),
            }
        merge.add_schema(schema)
    merged: dict[str, Any] = json.loads(json.dumps(merge.get_openapi_schema()))
    for unused in ("HTTPValidationError", "ResponseValidationError", "ValidationError"):
        merged["components"]["schemas"].pop(unused, None)
    merged["components"]["securitySchemes"] = {"bearer": _BEARER}
    return _with_verbs(merged)


def _summary(module: ModuleType) -> str:
    """The module's first words after its route, as a sentence; where the contract stands concerns only us."""
    words = (module.__doc__ or "").strip().partition(": ")[2]
    words = re.sub(r" \(seeds? [^)]*\)", "", words)
    return words[:1].upper() + words[1:]


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in (schema.get("paths") or {}).items():
        yield from ((path, operation) for method, operation in item.items() if method in _METHODS)


def _responses(path: str, declared: dict[str, Any]) -> dict[str, Any]:
    """What Powertools assumes of errors is not what we answer: they have the shape of the path's family."""
    kept = {status: response for status, response in declared.items() if status not in ("422", "500")}
    example = families.body_of(
        NotFound("what is wrong, and what to do"), families.family_of(path), request_id="…", now=_EXAMPLE_TIME
    )
    content = {families.JSON: {"schema": {"type": "object"}, "example": example}}
    return kept | {"default": {"description": "Refused: what, why, and what to do", "content": content}}


def _with_verbs(merged: dict[str, Any]) -> dict[str, Any]:
    """API Gateway cannot route `{name}:invoke`, so the handler has `{name}`; callers see the real path."""
    paths = merged["paths"]
    invoke = paths["/v1/functions/{name}"].pop("post")
    paths["/v1/functions/{name}:invoke"] = {"post": invoke}
    merged["paths"] = dict(sorted(paths.items()))
    return merged


def rendered() -> str:
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    text = rendered()
    if wanted.write:
        DOCUMENT.write_text(text, encoding="utf-8")
    elif text != DOCUMENT.read_text(encoding="utf-8"):
        print(
            "the API has changed since shared/http/openapi.json was written: run `make openapi`",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
