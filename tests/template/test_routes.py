"""Every handler is deployed exactly once, as it declares itself."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import grimp
import pytest

from local.template import Template
from shared.http import routes

CATCH_ALL = ("ANY", "$default")


def handler_files(root: Path) -> set[str]:
    return {
        str(path.relative_to(root).with_suffix("")).replace("/", ".")
        for path in (root / "handlers").glob("*/*.py")
        if path.name != "__init__.py"
    }


def test_every_handler_is_deployed_exactly_once(root: Path, loaded: Template) -> None:
    deployed = sorted(function.handler for function in loaded.functions.values())
    assert deployed == sorted(f"{module}.handler" for module in handler_files(root))


def test_a_function_is_named_after_its_file(loaded: Template) -> None:
    for function in loaded.functions.values():
        _, area, verb, _ = function.handler.split(".")
        assert function.id == "".join(word.capitalize() for word in f"{area}_{verb}".split("_"))


def test_a_function_answers_the_routes_that_its_handler_declares(loaded: Template) -> None:
    for function in loaded.functions.values():
        deployed = [(route.method, route.path) for route in function.routes]
        app = getattr(import_module(function.handler.removesuffix(".handler")), "app", None)
        declared = [] if app is None else routes(app)
        assert deployed in (declared, [CATCH_ALL]), function.id


def test_one_function_takes_what_no_route_matches(loaded: Template) -> None:
    takers = [
        function.id
        for function in loaded.functions.values()
        for route in function.routes
        if (route.method, route.path) == CATCH_ALL
    ]
    assert takers == ["EdgeDefault"]


def test_a_path_segment_is_a_literal_or_a_variable(loaded: Template) -> None:
    # API Gateway refuses `{name}:invoke`, and no validator notices before the deployment fails.
    segment = re.compile(r"[-\w.:]+|\{\w+\}")
    for function in loaded.functions.values():
        for route in function.routes:
            if route.path != "$default":
                assert all(map(segment.fullmatch, route.path.strip("/").split("/"))), route


def test_a_place_in_a_path_has_one_variable_name(loaded: Template) -> None:
    names: dict[str, str] = {}
    for function in loaded.functions.values():
        for route in function.routes:
            for variable in re.finditer(r"\{(\w+)\}", route.path):
                before = route.path[: variable.start()]
                assert names.setdefault(before, variable[1]) == variable[1], route


def test_the_cluster_opens_to_the_functions_that_import_its_client(
    functions: dict[str, Any], target: Any
) -> None:
    imports = grimp.build_graph("shared", "handlers", include_external_packages=True, cache_dir=None)
    for id, properties in functions.items():
        module = properties["Handler"].removesuffix(".handler")
        needs_it = "kubernetes" in imports.find_upstream_modules(module)
        layers = {target(layer) for layer in properties.get("Layers", [])}
        assert layers == ({"KubernetesLayer"} if needs_it else set()), id


@pytest.mark.sam
def test_sam_deploys_the_routes_that_the_local_platform_serves(
    expanded: dict[str, Any], loaded: Template
) -> None:
    paths = expanded["Resources"]["Api"]["Properties"]["Body"]["paths"]
    deployed = {
        CATCH_ALL if method == "x-amazon-apigateway-any-method" else (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
    }
    served = {
        (route.method, route.path) for function in loaded.functions.values() for route in function.routes
    }
    assert deployed == served
