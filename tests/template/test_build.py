"""What `sam build` ships: compiled, complete, and small."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LAYERS = ("DependenciesLayer", "KubernetesLayer", "SharedLayer")
UNZIPPED_LIMIT = 250 * 1024**2
"""Of a function and its layers together: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

UNCHECKED_HASH = 1
"""In a .pyc's second word (PEP 552): the interpreter uses it without looking at the source."""

BARE = """
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[1]) + [path for path in sys.path if "site-packages" not in path]
module = importlib.import_module(sys.argv[2])
assert callable(module.handler)
print(module.__file__)
"""


@pytest.mark.sam
@pytest.mark.timeout(180)
def test_every_source_carries_the_byte_code_that_python_would_make(built: Path) -> None:
    sources = list(built.rglob("*.py"))
    assert len(sources) > 1000
    for source in sources:
        code = Path(importlib.util.cache_from_source(str(source)))
        header = code.read_bytes()[:16]
        assert header[:4] == importlib.util.MAGIC_NUMBER, source
        assert int.from_bytes(header[4:8], "little") == UNCHECKED_HASH, source
        assert header[8:] == importlib.util.source_hash(source.read_bytes()), source


@pytest.mark.sam
@pytest.mark.timeout(180)
def test_a_traceback_names_the_files_of_lambda(built: Path) -> None:
    # The compiler is told where the code will lie, not where it was built.
    for code in built.rglob("*.pyc"):
        assert str(built).encode() not in code.read_bytes(), code


@pytest.mark.sam
@pytest.mark.timeout(180)
def test_a_functions_package_holds_its_own_handler_alone(built: Path, functions: dict[str, Any]) -> None:
    for id, properties in functions.items():
        packaged = {str(path.relative_to(built / id)) for path in (built / id).rglob("*.py")}
        own = properties["Handler"].removesuffix(".handler").replace(".", "/") + ".py"
        assert packaged - {"handlers/__init__.py", f"{Path(own).parent}/__init__.py"} == {own}


@pytest.mark.sam
@pytest.mark.timeout(180)
def test_a_built_function_starts_with_nothing_but_its_layers(
    built: Path, functions: dict[str, Any], written: dict[str, Any], target: Any, tmp_path: Path
) -> None:
    for id, properties in functions.items():
        layers = [*written["Globals"]["Function"]["Layers"], *properties.get("Layers", [])]
        paths = [str(built / id), *(str(built / target(layer) / "python") for layer in layers)]
        module = properties["Handler"].removesuffix(".handler")
        command = [sys.executable, "-I", "-c", BARE, json.dumps(paths), module]
        done = subprocess.run(
            command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{id}: {done.stderr}"
        assert done.stdout.startswith(str(built / id)), done.stdout


@pytest.mark.sam
@pytest.mark.timeout(180)
def test_a_function_and_its_layers_take_less_than_half_of_what_lambda_unpacks(built: Path) -> None:
    layers = sum(
        path.stat().st_size for layer in LAYERS for path in (built / layer).rglob("*") if path.is_file()
    )
    assert layers < UNZIPPED_LIMIT / 2


def test_every_dependency_has_a_wheel_for_lambda(root: Path, tmp_path: Path) -> None:
    for layer in ("dependencies", "kubernetes"):
        command = [
            Path(sys.executable).with_name("uv"),
            *("pip", "install", "--dry-run", "--target", tmp_path / layer, "--python-version", "3.11"),
            *("--python-platform", "aarch64-manylinux2014", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "-r", root / "layers" / layer / "requirements.txt"),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_layers_ship_what_the_tests_run_with(root: Path) -> None:
    tested = pins(root / "requirements" / "dev.txt")
    for layer in ("dependencies", "kubernetes"):
        shipped = pins(root / "layers" / layer / "requirements.txt")
        assert shipped.items() <= tested.items(), layer


def test_no_package_is_shipped_twice(root: Path) -> None:
    dependencies = pins(root / "layers" / "dependencies" / "requirements.txt")
    kubernetes = pins(root / "layers" / "kubernetes" / "requirements.txt")
    assert not dependencies.keys() & kubernetes.keys()


def test_the_locks_name_no_machine_and_no_index(root: Path) -> None:
    for lock in [*root.glob("requirements/*.txt"), *root.glob("layers/*/requirements.txt")]:
        assert not re.search(r"://|file:| @ |--index|--extra-index|--find-links", lock.read_text()), lock


def pins(lock: Path) -> dict[str, str]:
    """Package → version."""
    lines = (line.partition(" ")[0] for line in lock.read_text().splitlines() if line[:1].isalnum())
    return dict(line.split("==") for line in lines)
