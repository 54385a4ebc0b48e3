"""What holds for every file of the product."""

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST = 300
LONGEST_FUNCTION = 40
_RESERVED = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""A log record already has these: naming a fact so makes the logging call itself raise."""
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
PRODUCT = ["shared", "handlers", "local", "layers"]


def files(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((root / folder).rglob("*.py"))


def test_files_are_short(root: Path) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in files(root, *PRODUCT, "tests")}
    assert {path.name: count for path, count in lengths.items() if count > LONGEST} == {}


def test_functions_are_short(root: Path) -> None:
    long = [
        f"{path.name}: {node.name}"
        for path in files(root, *PRODUCT)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno >= LONGEST_FUNCTION
    ]
    assert long == []


@pytest.mark.parametrize("folder", PRODUCT)
def test_every_module_says_why_it_exists(folder: str, root: Path) -> None:
    silent = [
        str(path.relative_to(root))
        for path in files(root, folder)
        if path.stat().st_size and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_no_fact_of_a_log_line_has_a_reserved_name(root: Path) -> None:
    wrong = [
        f"{path.name}:{node.lineno} {keyword.arg}"
        for path in files(root, "shared", "handlers")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        for keyword in node.keywords
        if keyword.arg in _RESERVED - {"exc_info"}
    ]
    assert wrong == []


def test_tables_are_never_scanned(root: Path) -> None:
    scans = [
        f"{path.name}:{node.lineno}"
        for path in files(root, "shared", "handlers")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("scan", "Scan", "rate_limited_scan")
    ]
    assert scans == []
