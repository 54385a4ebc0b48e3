from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared import clock, store
from shared.errors import Conflict
from shared.limits import idempotency
from shared.runs import service as runs
from shared.runs import store as run_store
from shared.runs.models import RunObservation, RunOutput, RunState
from tests.inprocess import Answer, Lambdas, User


@pytest.fixture
def hello(created: Callable[..., Any]) -> dict[str, Any]:
    function: dict[str, Any] = created("hello", command=["cat"], env={"A": "b"})
    return function


@pytest.fixture
def invoke(lambdas: Lambdas, carol: User, hello: dict[str, Any]) -> Callable[..., Answer]:
    def send(json: Any = ..., **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambdas("POST", "/v1/functions/hello:invoke", as_=carol, json=json, headers=named)

    return send


def finish(run_id: str, state: RunState, *, stdout: str = "", **seen: Any) -> None:
    """What the reconciler does when a run is over."""
    run = run_store.get(run_id)
    assert run is not None
    now = clock.now()
    observation = RunObservation(state, deadline_at=now, due_at=None, finished_at=now, **seen)
    assert runs.report(run, observation, output=RunOutput(stdout=stdout), now=now, fence=1)


def test_an_invocation_is_answered_as_the_seed_shows(
    invoke: Callable[..., Answer], lambdas: Lambdas, carol: User
) -> None:
    answer = invoke({"input": {"action": "process", "data": "test"}})
    assert answer.status == 200
    assert answer.json["message"] == "Function 'hello' invoked successfully"
    assert answer.json["job_name"].startswith("hello-invoke-1")
    assert answer.json["status"] == "queued"
    shown = lambdas("GET", answer.headers["location"], as_=carol)
    assert shown.json["id"] == answer.json["invocation_id"]


def test_the_run_has_what_the_function_had(
    invoke: Callable[..., Answer], hello: dict[str, Any], carol: User
) -> None:
    answer = invoke({"input": [1, {"é": None}]}, traceparent=TRACE, x_correlation_id="order-17")
    run = run_store.get(answer.json["invocation_id"])
    assert run is not None
    assert (run.image, run.command, run.env) == ("nginx:alpine", ("cat",), {"A": "b"})
    assert (run.owner, run.namespace) == (carol.user_id, carol.namespace)
    assert (run.source_id, run.source_name) == (hello["id"], "hello")
    assert (run.correlation_id, run.traceparent) == ("order-17", TRACE)
    assert run.due_at == run.created_at, "the reconciler looks at once"
    assert run_store.input_of(run.id) == '[1,{"é":null}]'
    assert run.input_bytes == len('[1,{"é":null}]'.encode())


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("sent", "input_json"),
    [
        pytest.param({}, None, id="no body"),
        pytest.param({"json": None}, None, id="null"),
        pytest.param({"json": {}}, None, id="empty object"),
        pytest.param({"json": {"input": None}}, None, id="null input"),
        pytest.param({"json": {"input": {}}}, "{}", id="empty input"),
        pytest.param({"json": {"input": 0}}, "0", id="zero"),
        pytest.param({"json": {"input": False}}, "false", id="false"),
        pytest.param({"json": {"input": ""}}, '""', id="empty text"),
        pytest.param({"json": {"payload": {"a": 1}}}, '{"a":1}', id="the older name"),
        pytest.param({"json": {"input": "\U0001f600"}}, '"\U0001f600"', id="beyond the basic plane"),
    ],
)
def test_any_json_is_an_input(
    sent: dict[str, Any], input_json: str | None, invoke: Callable[..., Answer]
) -> None:
    answer = invoke(**sent)
    assert answer.status == 200, answer.text
    assert run_store.input_of(answer.json["invocation_id"]) == input_json


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({"input": 1, "payload": 2}, "input and payload are two names", id="both names"),
        pytest.param({"inptu": 1}, "inptu is not a known field; did you mean input?", id="misspelt"),
        pytest.param({"a": 1}, "a is not a known field", id="input without its name"),
        pytest.param([], "the body must be a JSON object", id="list"),
        pytest.param("text", "the body must be a JSON object", id="text"),
        pytest.param({"input": "x" * 256 * 1024}, "input has 262146 bytes", id="large"),
    ],
)
def test_what_is_no_input(
    body: Any, message: str, invoke: Callable[..., Answer], lambdas: Lambdas, carol: User
) -> None:
    answer = invoke(body)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request"), answer.text
    assert answer.json["message"].startswith(message)
    assert lambdas("GET", "/v1/functions/hello/invocations", as_=carol).json == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"input": NaN}', id="not a number"),
        pytest.param(b'{"input": -Infinity}', id="infinity"),
        pytest.param(b'{"input": 1e999}', id="infinite"),
        pytest.param(b'{"input": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"input": ' + b"9" * 5000 + b"}", id="digits without end"),
        pytest.param(b'{"input": ' + b"[" * 5000 + b"]" * 5000 + b"}", id="very deep"),
        pytest.param(b'{"input": ' + b"[" * 200 + b"]" * 200 + b"}", id="deep"),
        pytest.param(b'{"input": 1', id="cut"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"input=1", id="a form"),
    ],
)
def test_what_is_no_json(body: bytes, lambdas: Lambdas, carol: User, hello: dict[str, Any]) -> None:
    headers = {"content-type": "application/json"}
    answer = lambdas("POST", "/v1/functions/hello:invoke", as_=carol, body=body, headers=headers)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request"), answer.text
    assert answer.json["message"].startswith("the body is not valid JSON: ")


def test_the_colon_may_be_encoded(lambdas: Lambdas, carol: User, hello: dict[str, Any]) -> None:
    for path in (
        "/v1/functions/hello%3Ainvoke",
        "/v1/functions/hello%3ainvoke",
        "/v1/functions/hello:invoke/",
    ):
        assert lambdas("POST", path, as_=carol).status == 200, path


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("hello:delete", 404),
        ("hello:INVOKE", 404),
        ("hello:invoke:invoke", 404),
        ("hello:", 405),
        ("hello", 405),
        ("other:invoke", 404),
        (":invoke", 404),
        ("HELLO:invoke", 404),
        ("x" * 3000 + ":invoke", 404),
        ("%00:invoke", 404),
        ("%F0%9F%98%80:invoke", 404),
        ("..%2Fhello:invoke", 404),
    ],
)
def test_what_cannot_be_invoked(
    last: str, status: int, lambdas: Lambdas, carol: User, hello: dict[str, Any]
) -> None:
    answer = lambdas("POST", f"/v1/functions/{last}", as_=carol)
    assert answer.status == status, answer.text
    assert answer.json.keys() == {"error", "message"}
    assert len(answer.text) < 500
    if status == 405:
        assert answer.headers["allow"] == "DELETE, GET, PATCH"
        assert ":invoke" in answer.json["message"]


def test_two_in_one_second_have_jobs_of_two_names(invoke: Callable[..., Answer]) -> None:
    names = {invoke().json["job_name"] for _ in range(8)}
    assert len(names) == 8


class TestWaiting:
    def test_the_result_is_the_answer(
        self, invoke: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def finished(run_id: str) -> Any:
            monkeypatch.undo()
            finish(run_id, RunState.COMPLETED, stdout='{"sum": 3}\n', exit_code=0)
            return run_store.get(run_id)

        monkeypatch.setattr(run_store, "get", finished)
        answer = invoke({"input": 1}, prefer="wait=10")
        assert answer.status == 200
        assert answer.json["status"] == "completed"
        assert answer.json["invocation"]["result"] == {"sum": 3}
        assert answer.json["invocation"]["exit_code"] == 0
        assert answer.headers["preference-applied"] == "wait=10"
        assert "total;dur=" in answer.headers["server-timing"]

    def test_without_a_result_in_time_it_goes_on(self, invoke: Callable[..., Answer]) -> None:
        answer = invoke({"input": 1}, prefer="wait=1")
        assert answer.status == 202
        assert answer.json["invocation"]["status"] == "queued"
        assert answer.json["invocation"]["result"] is None
        assert answer.headers["preference-applied"] == "wait=1"
        assert "server-timing" not in answer.headers

    def test_who_does_not_ask_does_not_wait(self, invoke: Callable[..., Answer]) -> None:
        answer = invoke({"input": 1})
        assert answer.json["invocation"] is None
        assert "preference-applied" not in answer.headers


class TestIdempotency:
    def test_the_same_request_twice_is_one_run(
        self, invoke: Callable[..., Answer], lambdas: Lambdas, carol: User
    ) -> None:
        first, second = (invoke({"input": {"a": 1, "b": 2}}, idempotency_key="k1") for _ in range(2))
        assert first.json == second.json
        assert "idempotent-replayed" not in first.headers
        assert second.headers["idempotent-replayed"] == "true"
        assert len(lambdas("GET", "/v1/functions/hello/invocations", as_=carol).json) == 1
        assert [event["type"] for event in lambdas.events_of(carol)].count("function.invoked") == 1

    def test_the_order_of_members_makes_no_other_request(self, invoke: Callable[..., Answer]) -> None:
        first = invoke({"input": {"a": 1, "b": 2}}, idempotency_key="k1")
        second = invoke({"payload": {"b": 2, "a": 1}}, idempotency_key='"k1"')
        assert first.json["invocation_id"] == second.json["invocation_id"]

    def test_another_body_is_refused(self, invoke: Callable[..., Answer]) -> None:
        invoke({"input": 1}, idempotency_key="k1")
        answer = invoke({"input": 2}, idempotency_key="k1")
        assert answer.status == 422
        assert "another request" in answer.json["message"]

    def test_another_key_is_another_run(self, invoke: Callable[..., Answer]) -> None:
        first, second = (invoke({"input": 1}, idempotency_key=key) for key in ("k1", "k2"))
        assert first.json["invocation_id"] != second.json["invocation_id"]

    def test_without_a_key_each_is_a_run(self, invoke: Callable[..., Answer]) -> None:
        first, second = (invoke({"input": 1}) for _ in range(2))
        assert first.json["invocation_id"] != second.json["invocation_id"]

    def test_a_key_is_free_after_a_day(self, invoke: Callable[..., Answer], lambdas: Lambdas) -> None:
        first = invoke({"input": 1}, idempotency_key="k1")
        (row,) = [
            row for row in lambdas.rows("CONTROL_TABLE") if row.get("result") == first.json["invocation_id"]
        ]
        day = idempotency.LIFETIME.total_seconds()
        assert float(row["expires_at"]) == pytest.approx(clock.now().timestamp() + day, abs=60)
        yesterday = str(int((clock.now() - timedelta(minutes=1)).timestamp()))
        store.client().update_item(
            TableName=lambdas.environment["CONTROL_TABLE"],
            Key={"key": {"S": row["key"]}},
            UpdateExpression="SET expires_at = :past",
            ExpressionAttributeValues={":past": {"N": yesterday}},
        )
        again = invoke({"input": "another"}, idempotency_key="k1")
        assert again.status == 200
        assert again.json["invocation_id"] != first.json["invocation_id"]

    def test_a_key_belongs_to_its_tenant(
        self, invoke: Callable[..., Answer], lambdas: Lambdas, dave: User
    ) -> None:
        first = invoke({"input": 1}, idempotency_key="k1")
        lambdas("POST", "/v1/functions", as_=dave, json={"name": "hello", "image": "nginx"})
        other = lambdas(
            "POST",
            "/v1/functions/hello:invoke",
            as_=dave,
            json={"input": 2},
            headers={"idempotency-key": "k1"},
        )
        assert other.status == 200
        assert other.json["invocation_id"] != first.json["invocation_id"]

    @pytest.mark.parametrize("key", ["", '""', "a b", "é", "x" * 256])
    def test_a_key_that_is_none(self, key: str, invoke: Callable[..., Answer]) -> None:
        answer = invoke({"input": 1}, idempotency_key=key)
        assert (answer.status, answer.json["error"]) == (400, "Bad Request")
        assert "Idempotency-Key" in answer.json["message"]

    def test_a_run_that_is_forgotten_is_not_made_up(
        self, invoke: Callable[..., Answer], lambdas: Lambdas
    ) -> None:
        first = invoke({"input": 1}, idempotency_key="k1").json["invocation_id"]
        for part in ("run", "input"):
            store.client().delete_item(
                TableName=lambdas.environment["RUNS_TABLE"], Key={"id": {"S": first}, "part": {"S": part}}
            )
        assert invoke({"input": 1}, idempotency_key="k1").status == 404

    def test_a_key_that_expired_this_moment_may_be_sent_again(self, lambdas: Lambdas) -> None:
        claim = idempotency.Claim.of("k", owner="nobody", operation="x", body=None)
        with pytest.raises(Conflict, match="send it again"):
            idempotency.first_result(claim)
