"""The tables as the reconciler reads and writes them: what is due, and how old news are refused."""

from datetime import timedelta

import pytest

from shared import clock
from shared.cluster.labels import FunctionKey, RunKey
from shared.functions.models import FunctionObservation, FunctionStatus
from shared.reconciler.records import Stored


@pytest.fixture
def hello(lambdas, carol):
    """Carol's function, its record just written."""
    made = lambdas("POST", "/v1/functions", as_=carol, json={"name": "hello", "image": "python:3.11"})
    assert made.status == 201
    return FunctionKey(carol.user_id, "hello")


def seen(status=FunctionStatus.RUNNING):
    later = clock.now() + timedelta(minutes=10)
    return FunctionObservation(status, "", "", 1, 1, 1, 1, None, later)


def test_what_was_just_made_is_due(lambdas, carol, hello):
    run = lambdas("POST", "/v1/functions/hello:invoke", as_=carol, json={}).json
    due = list(Stored(1).due(clock.now()))
    assert {hello, RunKey(run["invocation_id"])} <= set(due)
    assert due.index(RunKey(run["invocation_id"])) < due.index(hello)


def test_what_was_reported_is_not_due(lambdas, hello):
    records = Stored(1)
    function, _ = records.function(hello)
    assert records.report_function(function, seen(), now=clock.now()).status == "Running"
    assert hello not in set(records.due(clock.now()))


def test_what_the_due_index_told_is_not_read_again(lambdas, hello):
    records = Stored(1)
    assert hello in set(records.due(clock.now()))
    with lambdas.counted() as calls:
        function, leaving = records.function(hello)
    assert (function.name, leaving, dict(calls)) == ("hello", (), {})


def test_what_it_told_counts_once(lambdas, hello):
    records = Stored(1)
    list(records.due(clock.now()))
    records.function(hello)
    with lambdas.counted() as calls:
        records.function(hello)
    assert dict(calls) == {"GetItem": 1}


def test_old_news_are_refused(lambdas, carol, hello):
    records = Stored(1)
    list(records.due(clock.now()))
    lambdas("PATCH", "/v1/functions/hello", as_=carol, json={"replicas": 2})
    old, _ = records.function(hello)
    assert records.report_function(old, seen(), now=clock.now()) is None
    assert records.function(hello)[0].replicas == 2


def test_a_lower_fence_is_refused(lambdas, hello):
    function, _ = Stored(2).function(hello)
    after = Stored(2).report_function(function, seen(), now=clock.now())
    assert Stored(1).report_function(after, seen(FunctionStatus.FAILED), now=clock.now()) is None
    assert Stored().report_function(after, seen(FunctionStatus.FAILED), now=clock.now()) is not None


def test_who_left_a_name_that_is_taken_again_is_torn_down(lambdas, carol, hello):
    lambdas("DELETE", "/v1/functions/hello", as_=carol)
    lambdas("POST", "/v1/functions", as_=carol, json={"name": "hello", "image": "python:3.12"})
    records = Stored(1)
    list(records.due(clock.now()))
    live, (gone,) = records.function(hello)
    assert (live.image, gone.image) == ("python:3.12", "python:3.11")
    records.torn_down(gone, now=clock.now())
    list(records.due(clock.now()))
    assert records.function(hello)[1] == ()


def test_many_are_read_at_once(lambdas, carol, hello):
    run = lambdas("POST", "/v1/functions/hello:invoke", as_=carol, json={"input": 1}).json["invocation_id"]
    records = Stored()
    assert set(records.functions([hello, FunctionKey("nobody", "x")])) == {hello}
    assert set(records.runs([run, "0197-unknown"])) == {run}
    assert records.input_of(run) == "1"
    assert records.run("0197-unknown") is None
