"""What every endpoint's file owes: one route, said in its docstring, and nothing decided."""

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

from shared.http import Api, api, routes
from shared.http.catch_all import CatchAll, description

LINES = 15


def source(handler: ModuleType) -> str:
    assert handler.__file__ is not None
    return Path(handler.__file__).read_text(encoding="utf-8")


def public(path: str) -> str:
    """As callers see it: the last part of an invocation's path carries its verb."""
    return {"POST /v1/functions/{name}": "POST /v1/functions/{name}:invoke"}.get(path, path)


def test_it_declares_one_route_and_says_which(handler: ModuleType) -> None:
    doc = handler.__doc__ or ""
    if isinstance(handler.app, CatchAll):
        assert doc.startswith("$default: ")
        return
    ((method, path),) = routes(handler.app)
    assert doc.startswith(f"{public(f'{method} {path}')}: "), doc


def test_it_is_in_the_description(handler: ModuleType) -> None:
    described = {
        f"{method.upper()} {path}" for path, item in description()["paths"].items() for method in item
    }
    assert {public(f"{method} {path}") for method, path in routes(handler.app)} <= described


def test_its_entry_is_the_apis(handler: ModuleType) -> None:
    assert isinstance(handler.app, Api)
    assert handler.handler == handler.app.handler


def test_it_is_short(handler: ModuleType) -> None:
    """Without imports and docstring; a signature counts as one line, however it is wrapped."""
    tree = ast.parse(source(handler))
    lines = 0
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            lines += len(node.decorator_list) + 1 + (node.end_lineno or 0) - node.body[0].lineno + 1
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            lines += (node.end_lineno or 0) - node.lineno + 1
    assert lines <= LINES, "over it, something is decided here: a service or a parameter owns that"


def test_it_decides_nothing(handler: ModuleType) -> None:
    deciding = (ast.If, ast.Try, ast.For, ast.While, ast.Dict, ast.Raise, ast.Lambda, ast.Match)
    found = [
        type(node).__name__ for node in ast.walk(ast.parse(source(handler))) if isinstance(node, deciding)
    ]
    assert found == []


def test_its_refusals_have_the_family_of_its_path(handler: ModuleType) -> None:
    if isinstance(handler.app, CatchAll):
        pytest.skip("it has no path of its own")
    ((method, path),) = routes(handler.app)
    operation = description()["paths"][public(f"{method} {path}").partition(" ")[2]][method.lower()]
    assert operation["responses"]["default"]["content"]["application/json"]["example"].keys() == {
        "error",
        "message",
    }
    assert operation["security"] == ([] if handler.app.public else [{"bearer": []}])


def test_the_notation_of_routes_is_api_gateways() -> None:
    app = api()
    app.get("/a/<b>/c/<d>")(lambda b, d: {})
    app.post("/a")(dict)
    assert sorted(routes(app)) == [("GET", "/a/{b}/c/{d}"), ("POST", "/a")]


def test_described_paths_mix_no_variable_with_a_literal_but_for_verbs() -> None:
    for path in description()["paths"]:
        for part in path.split("/"):
            assert re.fullmatch(r"[-\w.]*|\{\w+\}|\{\w+\}:\w+", part), path
