"""Fixtures that any test may use."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.fixture
def eventually() -> Callable[..., object]:
    """Poll until a condition holds; returns what it returned. Fails with the last value or error."""

    def poll(condition: Callable[[], T], *, within: float = 10.0) -> T:
        deadline = time.monotonic() + within
        while True:
            try:
                if outcome := condition():
                    return outcome
                last: object = outcome
            except AssertionError as error:
                last = error
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within} s; last: {last!r}")
            time.sleep(0.02)

    return poll
