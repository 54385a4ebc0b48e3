from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.runs import service as runs
from shared.runs import store as run_store
from shared.runs.models import Run, RunObservation, RunOutput, RunState
from tests.inprocess import Lambdas, User


@pytest.fixture
def run(created: Callable[..., Any], lambdas: Lambdas, carol: User) -> Run:
    created("hello")
    answer = lambdas("POST", "/v1/functions/hello:invoke", as_=carol, json={"input": "secret input"})
    found = run_store.get(answer.json["invocation_id"])
    assert found is not None
    return found


def report(
    run: Run, state: RunState, *, output: RunOutput | None = None, fence: int = 1, **seen: Any
) -> Run | None:
    now = clock.now()
    observation = RunObservation(state, deadline_at=now, due_at=now, **seen)
    return runs.report(run, observation, output=output, now=now, fence=fence)


@pytest.fixture
def shown(run: Run, lambdas: Lambdas, carol: User) -> Callable[[], dict[str, Any]]:
    def show() -> dict[str, Any]:
        answer = lambdas("GET", f"/v1/functions/hello/invocations/{run.id}", as_=carol)
        assert answer.status == 200, answer.text
        view: dict[str, Any] = answer.json
        return view

    return show


def test_a_run_is_shown_from_the_start(shown: Callable[[], dict[str, Any]], run: Run) -> None:
    view = shown()
    assert (view["status"], view["job_name"], view["function"]) == ("queued", run.job_name, "hello")
    assert (view["result"], view["output"], view["error"], view["exit_code"]) == (None, None, None, None)
    assert view["timings_ms"] == {}


@pytest.mark.parametrize(
    ("stdout", "result"),
    [
        pytest.param('{"a": [1, 2.5]}\n', {"a": [1, 2.5]}, id="JSON"),
        pytest.param("42", 42, id="a number"),
        pytest.param("null", None, id="null"),
        pytest.param("hello\n", "hello\n", id="text"),
        pytest.param("", "", id="nothing"),
        pytest.param("NaN", "NaN", id="not a number"),
        pytest.param("[1, Infinity]", "[1, Infinity]", id="infinity"),
        pytest.param("1e999", "1e999", id="infinite"),
        pytest.param('"\\ud800"', '"\\ud800"', id="half a surrogate pair"),
        pytest.param("[" * 5000, "[" * 5000, id="brackets without end"),
        pytest.param("[" * 99 + "]" * 99, None, id="as deep as may be"),
        pytest.param("[" * 300 + "]" * 300, "[" * 300 + "]" * 300, id="deeper than that"),
        pytest.param("9" * 5000, "9" * 5000, id="digits without end"),
        pytest.param('{"a": 1}\n{"a": 2}', '{"a": 1}\n{"a": 2}', id="lines of JSON"),
    ],
)
def test_the_result_is_what_was_printed_parsed_if_it_is_json(
    stdout: str, result: Any, run: Run, shown: Callable[[], dict[str, Any]]
) -> None:
    report(run, RunState.COMPLETED, output=RunOutput(stdout=stdout), exit_code=0)
    view = shown()
    assert result is None or view["result"] == result
    assert view["output"] == stdout
    assert view["status"] == "completed"


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.TIMEOUT, RunState.CANCELLED])
def test_a_run_that_did_not_complete_says_why_and_what_it_printed(
    state: RunState, run: Run, shown: Callable[[], dict[str, Any]]
) -> None:
    output = RunOutput(stdout='{"half": 1}', stderr="boom", truncated=True)
    report(run, state, output=output, reason="Error", message="exited with 3", exit_code=3)
    view = shown()
    assert view["error"] == {"reason": "Error", "message": "exited with 3"}
    assert (view["exit_code"], view["result"]) == (3, None)
    assert (view["output"], view["output_truncated"]) == ('{"half": 1}boom', True)


def test_each_phase_has_its_time(run: Run, shown: Callable[[], dict[str, Any]]) -> None:
    begun = run.created_at
    one = report(run, RunState.SCHEDULED, scheduled_at=begun + timedelta(seconds=1))
    assert one is not None
    two = report(one, RunState.RUNNING, started_at=begun + timedelta(seconds=3))
    assert two is not None
    report(two, RunState.COMPLETED, output=RunOutput(), finished_at=begun + timedelta(seconds=7))
    timings = shown()["timings_ms"]
    assert {name: timings[name] for name in ("queue", "start", "run")} == {
        "queue": 1000,
        "start": 2000,
        "run": 4000,
    }
    assert timings.keys() == {"queue", "start", "run", "store", "total"}


def test_the_list_is_newest_first_and_paged(
    created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    created("hello")
    ids = [lambdas("POST", "/v1/functions/hello:invoke", as_=carol).json["invocation_id"] for _ in range(5)]
    seen: list[str] = []
    target = "/v1/functions/hello/invocations?limit=2"
    while target:
        answer = lambdas("GET", target, as_=carol)
        seen += [each["id"] for each in answer.json]
        link = answer.headers.get("link", "")
        target = link[1 : link.index(">")] if link else ""
    assert seen == ids[::-1]


def test_the_list_leaves_out_what_was_printed(run: Run, lambdas: Lambdas, carol: User) -> None:
    report(run, RunState.COMPLETED, output=RunOutput(stdout="loud"), exit_code=0)
    (view,) = lambdas("GET", "/v1/functions/hello/invocations", as_=carol).json
    assert view["status"] == "completed"
    assert "loud" not in str(view)
    assert "secret input" not in str(view)


def test_a_new_function_of_an_old_name_has_no_runs_yet(
    run: Run, created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    created("hello")
    assert lambdas("GET", "/v1/functions/hello/invocations", as_=carol).json == []


def test_a_run_outlives_its_function(
    run: Run, lambdas: Lambdas, carol: User, shown: Callable[[], dict[str, Any]]
) -> None:
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    assert shown()["id"] == run.id


@pytest.mark.parametrize("id", ["x", "0" * 36, "%00", "a" * 3000, "01a20293-a30e-79af-b0d8-89c541739093"])
def test_an_invocation_that_is_not_there(
    id: str, created: Callable[..., Any], lambdas: Lambdas, carol: User
) -> None:
    created("hello")
    answer = lambdas("GET", f"/v1/functions/hello/invocations/{id}", as_=carol)
    assert (answer.status, answer.json["error"]) == (404, "Not Found"), answer.text
    assert len(answer.text) < 500


def test_a_run_is_shown_to_its_owner_under_its_function_alone(
    run: Run, created: Callable[..., Any], lambdas: Lambdas, carol: User, dave: User
) -> None:
    created("other")
    lambdas("POST", "/v1/functions", as_=dave, json={"name": "hello", "image": "nginx"})
    assert lambdas("GET", f"/v1/functions/other/invocations/{run.id}", as_=carol).status == 404
    assert lambdas("GET", f"/v1/functions/hello/invocations/{run.id}", as_=dave).status == 404


class TestReports:
    """What the reconciler writes about runs."""

    def test_a_final_state_is_final(self, run: Run, shown: Callable[[], dict[str, Any]]) -> None:
        done = report(run, RunState.COMPLETED, output=RunOutput(stdout="1"), exit_code=0)
        assert done is not None
        assert report(done, RunState.FAILED, output=RunOutput(), exit_code=1) is None
        assert shown()["status"] == "completed"

    def test_who_read_an_older_version_writes_nothing(
        self, run: Run, shown: Callable[[], dict[str, Any]]
    ) -> None:
        assert report(run, RunState.RUNNING) is not None
        assert report(run, RunState.FAILED, output=RunOutput()) is None
        assert shown()["status"] == "running"

    def test_an_older_reconciler_writes_nothing(self, run: Run, shown: Callable[[], dict[str, Any]]) -> None:
        newer = report(run, RunState.SCHEDULED, fence=7)
        assert newer is not None
        assert report(newer, RunState.RUNNING, fence=6) is None
        assert shown()["status"] == "scheduled"
        assert report(newer, RunState.RUNNING, fence=7) is not None

    def test_a_final_run_is_not_looked_at_again(self, run: Run) -> None:
        report(run, RunState.COMPLETED, output=RunOutput(), exit_code=0)
        shards = range(run_store.SHARDS)
        later = clock.now() + timedelta(days=1)
        due = {run_id for shard in shards for run_id in run_store.due(shard, later)}
        assert run.id not in due

    def test_each_state_is_told_once(self, run: Run, lambdas: Lambdas, carol: User) -> None:
        one = report(run, RunState.RUNNING)
        assert one is not None
        two = report(one, RunState.RUNNING, message="still")
        assert two is not None
        report(two, RunState.COMPLETED, output=RunOutput(), exit_code=0)
        types = [event["type"] for event in lambdas.events_of(carol)]
        assert types == ["function.created", "function.invoked", "run.running", "run.completed"]
