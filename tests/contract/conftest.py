from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from local.openapi import modules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`handler`: a test for every HTTP handler there is, so that a new one is held to it at once."""
    if "handler" in metafunc.fixturenames:
        metafunc.parametrize("handler", list(_handlers()), ids=lambda handler: handler.__name__)


def _handlers() -> Iterator[ModuleType]:
    yield from modules()
