"""Every change leaves exactly one event, written with it or not at all."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared import clock, context
from shared.events import store as events
from shared.functions import service
from shared.functions import store as functions
from shared.functions.models import Function, FunctionObservation, FunctionStatus, FunctionUpdated
from shared.store import transaction
from tests.inprocess import Lambdas, User

HELLO = {"name": "hello", "image": "nginx:alpine", "env": {"PASSWORD": "hunter2"}}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def told(lambdas: Lambdas, carol: User) -> Callable[[], list[dict[str, Any]]]:
    """Carol's events, oldest first, with their data read."""
    return lambda: [event | {"data": json.loads(event["data"])} for event in lambdas.events_of(carol)]


@pytest.fixture
def do(lambdas: Lambdas, carol: User) -> Callable[..., int]:
    def send(method: str, path: str = "/v1/functions/hello", json: Any = ...) -> int:
        headers = {"X-Correlation-ID": f"{method}-17", "traceparent": TRACE}
        return lambdas(method, path, as_=carol, json=json, headers=headers).status

    return send


def test_a_functions_life_is_told(
    do: Callable[..., int], told: Callable[[], list[dict[str, Any]]], carol: User, lambdas: Lambdas
) -> None:
    do("POST", "/v1/functions", json=HELLO)
    do("PATCH", json={"replicas": 3})
    do("POST", "/v1/functions/hello:invoke", json={"input": 1})
    do("DELETE")
    story = told()
    assert [event["type"] for event in story] == [
        "function.created",
        "function.updated",
        "function.invoked",
        "function.deleted",
    ]
    assert [event["correlation_id"] for event in story] == ["POST-17", "PATCH-17", "POST-17", "DELETE-17"]
    assert {event["traceparent"] for event in story} == {TRACE}
    assert {event["owner"] for event in story} == {carol.user_id}
    created, updated, invoked, deleted = story
    assert created["aggregate"] == updated["aggregate"] == deleted["aggregate"]
    assert created["aggregate"].startswith("function#")
    assert invoked["aggregate"].startswith("run#")
    assert (created["data"]["replicas"], updated["data"]["replicas"]) == (1, 3)
    assert (deleted["data"]["previous_status"], deleted["data"]["status"]) == ("Pending", None)


def test_an_event_does_not_tell_what_is_secret(do: Callable[..., int], lambdas: Lambdas, carol: User) -> None:
    do("POST", "/v1/functions", json=HELLO)
    do("POST", "/v1/functions/hello:invoke", json={"input": "hunter2"})
    assert "hunter2" not in str(lambdas.events_of(carol))
    assert carol.token not in str(lambdas.events_of(carol))


def test_an_event_is_kept_as_long_as_is_set(
    do: Callable[..., int], told: Callable[[], list[dict[str, Any]]], configured: Callable[..., None]
) -> None:
    configured(EVENT_RETENTION_DAYS="3")
    do("POST", "/v1/functions", json=HELLO)
    (event,) = told()
    kept = float(event["expires_at"]) - clock.from_iso(event["occurred_at"]).timestamp()
    assert kept == pytest.approx(timedelta(days=3).total_seconds(), abs=2)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/functions", HELLO, 409),
        ("POST", "/v1/functions", {"name": "other"}, 400),
        ("PATCH", "/v1/functions/hello", {"replicas": 99}, 400),
        ("PATCH", "/v1/functions/hello", {"replicas": 1}, 200),
        ("PATCH", "/v1/functions/other", {"replicas": 2}, 404),
        ("DELETE", "/v1/functions/other", ..., 404),
        ("POST", "/v1/functions/other:invoke", ..., 404),
        ("GET", "/v1/functions/hello", ..., 200),
    ],
)
def test_what_changes_nothing_tells_nothing(
    method: str,
    path: str,
    body: Any,
    status: int,
    do: Callable[..., int],
    told: Callable[[], list[dict[str, Any]]],
    lambdas: Lambdas,
    carol: User,
) -> None:
    do("POST", "/v1/functions", json=HELLO)
    before = told(), tenant(lambdas, carol)
    assert do(method, path, body) == status
    assert (told(), tenant(lambdas, carol)) == before


def tenant(lambdas: Lambdas, user: User) -> list[dict[str, Any]]:
    return [row for row in lambdas.rows("TENANTS_TABLE") if row["id"] == user.user_id]


def test_what_the_quota_refuses_leaves_no_trace(
    do: Callable[..., int], lambdas: Lambdas, carol: User, configured: Callable[..., None]
) -> None:
    configured(FUNCTIONS_PER_TENANT="1")
    do("POST", "/v1/functions", json=HELLO)
    assert do("POST", "/v1/functions", json=HELLO | {"name": "other"}) == 429
    (row,) = tenant(lambdas, carol)
    assert int(row["functions"]) == len(lambdas.events_of(carol)) == 1


def test_outside_of_a_request_an_event_has_no_ids(
    lambdas: Lambdas, carol: User, do: Callable[..., int]
) -> None:
    do("POST", "/v1/functions", json=HELLO)
    context.enter(context.Trace())
    function = current(carol)
    service.report(function, seen(FunctionStatus.RUNNING), now=clock.now(), fence=1)
    last = lambdas.events_of(carol)[-1]
    assert "correlation_id" not in last
    assert "traceparent" not in last


def test_nothing_is_told_when_the_block_fails(lambdas: Lambdas, carol: User, do: Callable[..., int]) -> None:
    do("POST", "/v1/functions", json=HELLO)

    def change() -> None:
        with transaction() as write:
            events.append(write, FunctionUpdated.of(current(carol), before=None), now=clock.now())
            raise RuntimeError("before the end")

    with pytest.raises(RuntimeError):
        change()
    assert len(lambdas.events_of(carol)) == 1


def current(user: User) -> Function:
    function = functions.get(user.user_id, "hello")
    assert function is not None
    return function


def seen(status: FunctionStatus, **more: Any) -> FunctionObservation:
    now = clock.now()
    values = {"reason": "", "message": "", "available": 0, "ready": 0, "updated": 0, "observed_generation": 1}
    return FunctionObservation(status=status, deadline_at=None, due_at=now, **{**values, **more})


class TestReports:
    """What the reconciler writes about functions."""

    @pytest.fixture
    def hello(self, do: Callable[..., int], carol: User) -> Function:
        do("POST", "/v1/functions", json=HELLO)
        return current(carol)

    def test_a_change_of_status_is_told_once(
        self, hello: Function, told: Callable[[], list[dict[str, Any]]], carol: User
    ) -> None:
        for status in (
            FunctionStatus.RUNNING,
            FunctionStatus.RUNNING,
            FunctionStatus.FAILED,
            FunctionStatus.PENDING,
        ):
            assert service.report(current(carol), seen(status, reason=status), now=clock.now(), fence=1)
        story = told()[1:]
        assert [event["type"] for event in story] == [
            "function.running",
            "function.failed",
            "function.pending",
        ]
        moves = [(event["data"]["previous_status"], event["data"]["status"]) for event in story]
        assert moves == [("Pending", "Running"), ("Running", "Failed"), ("Failed", "Pending")]
        assert story[1]["data"]["reason"] == "Failed"

    def test_the_caller_sees_the_status_and_why(self, hello: Function, lambdas: Lambdas, carol: User) -> None:
        observation = seen(
            FunctionStatus.FAILED, reason="ImagePullBackOff", message="no such image", available=1
        )
        service.report(hello, observation, now=clock.now(), fence=1)
        shown = lambdas("GET", "/v1/functions/hello", as_=carol).json
        assert (shown["status"], shown["status_reason"]) == ("Failed", "ImagePullBackOff")
        assert (shown["status_message"], shown["available_replicas"]) == ("no such image", 1)

    def test_updated_at_moves_with_the_status_alone(self, hello: Function, carol: User) -> None:
        later = clock.now() + timedelta(minutes=1)
        service.report(hello, seen(FunctionStatus.PENDING, available=1), now=later, fence=1)
        assert current(carol).updated_at == hello.updated_at
        service.report(current(carol), seen(FunctionStatus.RUNNING), now=later, fence=1)
        assert current(carol).updated_at == later

    def test_who_read_an_older_version_writes_nothing(
        self, hello: Function, do: Callable[..., int], carol: User
    ) -> None:
        do("PATCH", json={"replicas": 2})
        assert service.report(hello, seen(FunctionStatus.RUNNING), now=clock.now(), fence=1) is None
        assert current(carol).status is FunctionStatus.PENDING

    def test_an_older_reconciler_writes_nothing(self, hello: Function, carol: User) -> None:
        newer = service.report(hello, seen(FunctionStatus.RUNNING), now=clock.now(), fence=7)
        assert newer == current(carol)
        assert service.report(newer, seen(FunctionStatus.FAILED), now=clock.now(), fence=6) is None
        assert current(carol).status is FunctionStatus.RUNNING

    def test_a_callers_change_wins_over_a_report_in_between(
        self, hello: Function, do: Callable[..., int], carol: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = functions.get

        def read_then_be_overtaken(owner: str, name: str) -> Function | None:
            function = read(owner, name)
            monkeypatch.undo()
            service.report(hello, seen(FunctionStatus.RUNNING), now=clock.now(), fence=1)
            return function

        monkeypatch.setattr(functions, "get", read_then_be_overtaken)
        assert do("PATCH", json={"replicas": 4}) == 200
        assert (current(carol).replicas, current(carol).generation) == (4, 2)

    def test_what_is_torn_down_is_forgotten_in_time(
        self, hello: Function, do: Callable[..., int], lambdas: Lambdas, carol: User
    ) -> None:
        do("DELETE")
        (gone,) = functions.leaving(carol.user_id, "hello")
        service.torn_down(gone, now=clock.now(), fence=1)
        service.torn_down(gone, now=clock.now(), fence=1)
        assert functions.leaving(carol.user_id, "hello") == []
        (row,) = [row for row in lambdas.rows("FUNCTIONS_TABLE") if row["owner"] == carol.user_id]
        assert float(row["expires_at"]) > clock.now().timestamp()

    def test_many_are_read_at_once(self, hello: Function, carol: User) -> None:
        keys = [(carol.user_id, "hello"), (carol.user_id, "absent")]
        assert functions.many(keys) == {(carol.user_id, "hello"): hello}

    def test_what_is_due_is_found_oldest_first(self, hello: Function, carol: User) -> None:
        def due(at: Any) -> list[str]:
            shards = range(functions.SHARDS)
            found = [each for shard in shards for each in functions.due(shard, at)]
            return [function.name for function in found if function.owner == carol.user_id]

        assert due(clock.now()) == ["hello"]
        later = clock.now() + timedelta(hours=1)
        service.report(
            hello,
            FunctionObservation(FunctionStatus.RUNNING, "", "", 1, 1, 1, 1, deadline_at=None, due_at=later),
            now=clock.now(),
            fence=1,
        )
        assert due(clock.now()) == []
        assert due(later) == ["hello"]
