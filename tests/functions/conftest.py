from collections.abc import Callable
from typing import Any

import pytest

from tests.inprocess import Lambdas, User


@pytest.fixture
def created(lambdas: Lambdas, carol: User) -> Callable[..., dict[str, Any]]:
    """created("hello", replicas=2): carol's function as she was answered."""

    def create(name: str = "hello", **fields: Any) -> dict[str, Any]:
        body = {"name": name, "image": "nginx:alpine", **fields}
        answer = lambdas("POST", "/v1/functions", as_=carol, json=body)
        assert answer.status == 201, answer.text
        function: dict[str, Any] = answer.json
        return function

    return create
