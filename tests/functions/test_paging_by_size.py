"""A page holds what an answer can carry: what does not fit is on the next one."""

from typing import Any

import pytest

from shared.functions import store
from tests.inprocess import Lambdas, User


def names(lambdas: Lambdas, carol: User, path: str) -> tuple[list[str], str | None]:
    answer = lambdas("GET", path, as_=carol)
    assert answer.status == 200, answer.text
    link = answer.headers.get("link", "")
    following = link.split(">")[0].split("<")[-1] if 'rel="next"' in link else None
    return [function["name"] for function in answer.json], following


@pytest.mark.parametrize("first", ["/v1/functions", "/v1/functions?page=1&limit=5"])
def test_a_page_that_is_cut_for_its_size_goes_on_where_it_ends(
    first: str, lambdas: Lambdas, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        body: dict[str, Any] = {"name": f"f{number}", "image": "nginx", "env": {"A": "x" * 1000}}
        assert lambdas("POST", "/v1/functions", as_=carol, json=body).status == 201
    monkeypatch.setattr(store, "PAGE_BYTES", 2500)
    walked: list[str] = []
    path: str | None = first
    while path is not None:
        found, path = names(lambdas, carol, path)
        assert len(found) <= 2
        walked += found
    assert walked == ["f4", "f3", "f2", "f1", "f0"]
