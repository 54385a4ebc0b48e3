import re
from collections.abc import Callable
from typing import Any

import pytest

from shared.store import cursor_of
from tests.inprocess import Answer, Lambdas, User


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [function["name"] for function in answer.json]


def links(answer: Answer) -> dict[str, str]:
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("link", ""))
    return {relation: target for target, relation in found}


@pytest.fixture
def five(created: Callable[..., Any]) -> list[str]:
    """Names of carol's functions, newest first."""
    return [created(f"f{index}")["name"] for index in range(5)][::-1]


def test_who_owns_nothing_gets_an_empty_array(lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("GET", "/v1/functions", as_=carol)
    assert (answer.json, answer.headers["x-total-count"]) == ([], "0")
    assert "link" not in answer.headers


def test_all_are_listed_newest_first(five: list[str], lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("GET", "/v1/functions", as_=carol)
    assert names(answer) == five
    assert answer.headers["x-total-count"] == "5"
    assert "link" not in answer.headers


def test_only_ones_own_are_listed(five: list[str], lambdas: Lambdas, dave: User) -> None:
    assert names(lambdas("GET", "/v1/functions", as_=dave)) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_following_cursors_shows_each_once(
    limit: int, five: list[str], lambdas: Lambdas, carol: User
) -> None:
    seen: list[str] = []
    target: str | None = f"/v1/functions?limit={limit}"
    while target:
        answer = lambdas("GET", target, as_=carol)
        assert len(answer.json) <= limit
        assert answer.headers["x-total-count"] == "5"
        seen += names(answer)
        target = links(answer).get("next")
    assert seen == five


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_following_page_numbers_shows_each_once(
    limit: int, five: list[str], lambdas: Lambdas, carol: User
) -> None:
    seen: list[str] = []
    asked = 0
    target: str | None = f"/v1/functions?page=1&limit={limit}"
    while target:
        asked += 1
        answer = lambdas("GET", target, as_=carol)
        seen += names(answer)
        target = links(answer).get("next")
    assert seen == five
    assert asked == -(-5 // limit), "no link leads to an empty page"


def test_pages_can_be_walked_back(five: list[str], lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("GET", "/v1/functions?page=3&limit=2", as_=carol)
    assert names(answer) == five[4:]
    before = lambdas("GET", links(answer)["prev"], as_=carol)
    assert names(before) == five[2:4]
    assert set(links(before)) == {"prev", "next"}


@pytest.mark.parametrize("page", ["2.0", "%202", "+2", "02"])
def test_a_page_may_be_written_oddly(page: str, five: list[str], lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("GET", f"/v1/functions?page={page}&limit=2", as_=carol)
    assert names(answer) == five[2:4]
    assert "page=3" in links(answer)["next"]


def test_a_page_beyond_the_end_is_empty(five: list[str], lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("GET", "/v1/functions?page=9&limit=5", as_=carol)
    assert names(answer) == []
    assert "next" not in links(answer)


def test_a_cursor_beats_a_page_number(five: list[str], lambdas: Lambdas, carol: User) -> None:
    cursor = links(lambdas("GET", "/v1/functions?limit=2", as_=carol))["next"]
    answer = lambdas("GET", f"{cursor}&page=9", as_=carol)
    assert names(answer) == five[2:4]
    assert "cursor=" in links(answer)["next"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("page=0", "page: input should be greater than or equal to 1"),
        ("page=-1", "page: input should be greater"),
        ("page=1001", "page: input should be less than or equal to 1000"),
        ("page=x", "page: input should be a valid integer"),
        ("page=1.5", "page: input should be a valid integer"),
        ("page=1&page=2", "page: input should be a valid integer"),
        ("page=", "page: input should be a valid integer"),
        ("limit=0", "limit: input should be greater"),
        ("limit=1001", "limit: input should be less"),
        ("limit=all", "limit: input should be a valid integer"),
        ("cursor=" + "a" * 2049, "cursor: string should have at most 2048"),
        ("cursor=", "cursor: not one of this list"),
        ("cursor=abc", "cursor: not one of this list"),
    ],
)
def test_a_way_of_paging_that_is_none(query: str, message: str, lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("GET", f"/v1/functions?{query}", as_=carol)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request"), answer.text
    assert answer.json["message"].startswith(message)


def test_a_cursor_of_another_tenant_opens_nothing(
    five: list[str], lambdas: Lambdas, carol: User, dave: User
) -> None:
    foreign = links(lambdas("GET", "/v1/functions?limit=2", as_=carol))["next"]
    assert lambdas("GET", foreign, as_=dave).status == 400


def test_a_forged_cursor_is_refused_not_a_failure(lambdas: Lambdas, carol: User) -> None:
    mine = {"listed_under": {"S": carol.user_id}, "owner": {"S": carol.user_id}}
    key = mine | {"key": {"S": "hello"}, "created": {"S": "2026"}}
    for forged in [
        mine,
        key | {"more": {"S": "x"}},
        key | {"owner": {"S": "somebody"}},
        key | {"key": {"S": ""}},
        key | {"key": {"S": "k" * 1025}},
        key | {"key": {"N": "1"}},
        key | {"key": {"S": "a", "N": "1"}},
    ]:
        answer = lambdas("GET", f"/v1/functions?cursor={cursor_of(forged)}", as_=carol)
        assert answer.status == 400, forged
    assert lambdas("GET", f"/v1/functions?cursor={cursor_of(key)}", as_=carol).status == 200


def test_what_is_deleted_between_pages_breaks_nothing(five: list[str], lambdas: Lambdas, carol: User) -> None:
    following = links(lambdas("GET", "/v1/functions?limit=2", as_=carol))["next"]
    for name in five[:3]:
        lambdas("DELETE", f"/v1/functions/{name}", as_=carol)
    assert names(lambdas("GET", following, as_=carol)) == five[3:]
