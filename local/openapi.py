"""`make openapi`: the API's description, from the handlers as they are. `--check` fails if it is stale."""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

from shared.http import Api

PROJECT = Path(__file__).parent.parent
DOCUMENT = PROJECT / "shared/http/openapi.json"

_SUMMARY = "Functions on Kubernetes behind a serverless control plane"
_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def apis() -> Iterator[tuple[str, Api]]:
    """Area and `app` of every HTTP handler."""
    for path in sorted((PROJECT / "handlers").glob("*/*.py")):
        if path.parent.name == "workers" or path.name == "__init__.py":
            continue
        module = importlib.import_module(f"handlers.{path.parent.name}.{path.stem}")
        yield path.parent.name, module.app


def document() -> dict[str, Any]:
    merge = OpenAPIMerge(
        title="EventFlow",
        version="1.0.0",
        summary=_SUMMARY,
        openapi_version="3.1.0",
        on_conflict="error",
    )
    for area, app in apis():
        schema = app.get_openapi_schema().model_dump(by_alias=True, exclude_none=True, mode="json")
        for operation in _operations(schema):
            operation["tags"] = [area]
            operation["security"] = [] if app.public else [{"bearer": []}]
        merge.add_schema(schema)
    merged: dict[str, Any] = json.loads(json.dumps(merge.get_openapi_schema()))
    merged["components"]["securitySchemes"] = {"bearer": _BEARER}
    return _with_verbs(merged)


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in (schema.get("paths") or {}).values():
        yield from (operation for method, operation in item.items() if method in _METHODS)


def _with_verbs(merged: dict[str, Any]) -> dict[str, Any]:
    """API Gateway cannot route `{name}:invoke`, so the handler declares `{name}`; callers see the real one."""
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
