"""Many at once, through the whole platform: each change happens once or is refused, and is told once."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

AT_ONCE = 8
HELLO = {"name": "hello", "image": "nginx:alpine"}


@pytest.fixture
def together(call: Any, alice: Any) -> Callable[..., list[Any]]:
    """Sends requests of alice's all at once: together(("POST", "/v1/functions", {"json": …}), …)."""

    def send(*requests: tuple[str, str, dict[str, Any]]) -> list[Any]:
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(lambda each: call(each[0], each[1], as_=alice, **each[2]), requests))

    return send


@pytest.fixture
def told(world: Any, alice: Any) -> Callable[[], Counter[str]]:
    """How often each type of event was told of alice's things by requests."""

    def count() -> Counter[str]:
        types = [row["type"]["S"] for row in world.rows("EVENTS_TABLE") if row["owner"]["S"] == alice.user_id]
        return Counter(type_ for type_ in types if type_ in FROM_REQUESTS)

    return count


FROM_REQUESTS = {"function.created", "function.updated", "function.deleted", "function.invoked"}


def test_of_many_creates_of_a_name_one_wins(together: Any, told: Any, call: Any, alice: Any) -> None:
    answers = together(
        *[("POST", "/v1/functions", {"json": HELLO | {"replicas": n % 9 + 1}}) for n in range(AT_ONCE)]
    )
    assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    (winner,) = [answer.json for answer in answers if answer.status == 201]
    stored = call("GET", "/v1/functions/hello", as_=alice)
    assert (stored.json["id"], stored.json["replicas"]) == (winner["id"], winner["replicas"])
    assert call("GET", "/v1/functions", as_=alice).headers["x-total-count"] == "1"
    assert told() == {"function.created": 1}


def test_of_many_deletes_one_deletes(together: Any, told: Any, call: Any, alice: Any) -> None:
    call("POST", "/v1/functions", as_=alice, json=HELLO)
    answers = together(*[("DELETE", "/v1/functions/hello", {})] * AT_ONCE)
    assert Counter(answer.status for answer in answers) == {204: 1, 404: AT_ONCE - 1}
    assert call("GET", "/v1/functions", as_=alice).headers["x-total-count"] == "0"
    assert told() == {"function.created": 1, "function.deleted": 1}


def test_changes_at_once_all_happen_or_are_refused(together: Any, told: Any, call: Any, alice: Any) -> None:
    call("POST", "/v1/functions", as_=alice, json=HELLO)
    changes = [{"env": {"TURN": str(turn)}} for turn in range(6)]
    answers = together(*[("PATCH", "/v1/functions/hello", {"json": change}) for change in changes])
    done = [answer.json for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 409, 503}
    stored = call("GET", "/v1/functions/hello", as_=alice).json
    assert stored["generation"] == 1 + len(done)
    assert sorted(each["generation"] for each in done) == list(range(2, 2 + len(done)))
    assert stored["env"] == max(done, key=lambda each: each["generation"])["env"]
    assert told() == {"function.created": 1, "function.updated": len(done)}


def test_a_change_beside_a_delete_leaves_no_ghost(together: Any, call: Any, alice: Any) -> None:
    for _ in range(3):
        assert call("POST", "/v1/functions", as_=alice, json=HELLO).status == 201
        changed, deleted = together(
            ("PATCH", "/v1/functions/hello", {"json": {"replicas": 2}}), ("DELETE", "/v1/functions/hello", {})
        )
        assert deleted.status == 204
        assert changed.status in (200, 404)
        assert call("GET", "/v1/functions/hello", as_=alice).status == 404
    assert call("GET", "/v1/functions", as_=alice).headers["x-total-count"] == "0"


def test_one_key_at_once_is_one_run(together: Any, told: Any, call: Any, alice: Any) -> None:
    call("POST", "/v1/functions", as_=alice, json=HELLO)
    request = (
        "POST",
        "/v1/functions/hello:invoke",
        {"headers": {"Idempotency-Key": "k"}, "json": {"input": 1}},
    )
    answers = together(*[request] * AT_ONCE)
    assert {answer.status for answer in answers} == {200}, [answer.text for answer in answers]
    assert len({answer.json["invocation_id"] for answer in answers}) == 1
    assert Counter(answer.headers.get("idempotent-replayed") for answer in answers)[None] == 1
    assert told()["function.invoked"] == 1


def test_many_runs_of_one_second_have_names_of_their_own(together: Any, call: Any, alice: Any) -> None:
    call("POST", "/v1/functions", as_=alice, json=HELLO)
    answers = together(*[("POST", "/v1/functions/hello:invoke", {})] * AT_ONCE)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["job_name"] for answer in answers}) == AT_ONCE
    listed = call("GET", "/v1/functions/hello/invocations", as_=alice)
    assert len(json.loads(listed.text)) == AT_ONCE
