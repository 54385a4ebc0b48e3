"""The worker as Lambda calls it, with tables and a cluster behind their real APIs."""

import json
import threading
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from pynamodb.exceptions import UpdateError

from handlers.workers import reconcile
from shared import aws, clock
from shared.cluster import connection
from shared.cluster.port import Ref
from shared.config import settings
from shared.errors import Permanent
from shared.reconciler import lease, run
from shared.runs import store as runs
from tests.cluster_port.emulator import emulated

SERVER = ["python", "-c", "import time; time.sleep(600)"]
ECHO = [
    "python",
    "-c",
    "import os; file = os.environ.get('EVENTFLOW_INPUT_FILE', os.devnull);"
    "print(os.environ.get('EVENTFLOW_INPUT') or open(file).read())",
]


@pytest.fixture(scope="module")
def cluster(lambdas, tmp_path_factory):
    with emulated(tmp_path_factory.mktemp("cluster")) as kubeconfig:
        secret = {"SecretId": settings().cluster_secret, "SecretString": kubeconfig}
        aws.call("secretsmanager", "PutSecretValue", secret | {"ClientRequestToken": str(uuid.uuid4())})
        aws.secret.cache_clear()
        connection.cluster.cache_clear()
        yield connection.cluster()
    connection.cluster.cache_clear()


@pytest.fixture
def watcher(cluster, monkeypatch):
    """A scheduled invocation under way. Another test of this process may have died with the lease."""
    monkeypatch.setattr(lease, "RENEWED_EVERY", timedelta(seconds=0.2))
    with suppress(UpdateError):
        take_the_lease_away()
    thread = threading.Thread(target=reconcile.handler, args=({"source": "aws.events"}, context(50)))
    thread.start()
    yield thread
    take_the_lease_away()
    thread.join(15)
    assert not thread.is_alive()


def take_the_lease_away():
    row = lease.LeaseRow("lease#reconciler")
    actions = [lease.LeaseRow.fence.add(1), lease.LeaseRow.until.remove()]
    row.update(actions, condition=lease.LeaseRow.fence.exists())


def context(seconds):
    ends = time.monotonic() + seconds
    return SimpleNamespace(
        get_remaining_time_in_millis=lambda: max(0, (ends - time.monotonic()) * 1000),
        aws_request_id="r",
        function_name="reconcile",
    )


def wake(kind, key):
    body = json.dumps({"kind": kind, "key": key})
    record = {
        "messageId": "m",
        "receiptHandle": "h",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
    return reconcile.handler({"Records": [record]}, context(30))


def test_a_functions_life(lambdas, carol, cluster, watcher, eventually):
    def function():
        return lambdas("GET", "/v1/functions/hello", as_=carol)

    made = {"name": "hello", "image": "python:3.11", "command": SERVER}
    assert lambdas("POST", "/v1/functions", as_=carol, json=made).status == 201
    assert wake("function", f"{carol.user_id}/hello") == {"batchItemFailures": []}
    eventually(lambda: function().json["status"] == "Running")

    assert lambdas("PATCH", "/v1/functions/hello", as_=carol, json={"command": ECHO}).status == 200
    for sent in ({"n": 1}, {"n": "x" * 40_000}):
        answer = lambdas("POST", "/v1/functions/hello:invoke", as_=carol, json={"input": sent}).json
        assert wake("run", answer["invocation_id"]) == {"batchItemFailures": []}
        eventually(lambda id=answer["invocation_id"]: runs.get(id).state.final)
        found, output = runs.with_output(answer["invocation_id"])
        assert (found.state, found.exit_code) == ("completed", 0)
        assert json.loads(output.stdout) == sent
        marks = [found.created_at, found.scheduled_at, found.started_at, found.finished_at, found.stored_at]
        assert marks == sorted(marks)
    eventually(lambda: function().json["status_reason"] == "CrashLoopBackOff")
    assert "It can be invoked all the same" in function().json["status_message"]

    assert lambdas("DELETE", "/v1/functions/hello", as_=carol).status == 204
    wake("function", f"{carol.user_id}/hello")
    eventually(lambda: cluster.get(Ref("Deployment", "fn-hello", carol.namespace)) is None)
    happened = [event["type"] for event in lambdas.events_of(carol)]
    assert happened[:3] == ["function.created", "function.running", "function.updated"]
    assert happened.count("run.completed") == 2
    assert happened.index("function.failed") < happened.index("function.deleted") == len(happened) - 1


def test_without_any_wake_up_the_schedule_does_the_work(lambdas, carol, cluster, watcher, eventually):
    made = {"name": "quiet", "image": "python:3.11", "command": ECHO}
    lambdas("POST", "/v1/functions", as_=carol, json=made)
    answer = lambdas("POST", "/v1/functions/quiet:invoke", as_=carol, json={}).json
    eventually(lambda: runs.get(answer["invocation_id"]).state == "completed")


def test_a_run_that_takes_too_long_is_ended_and_keeps_what_it_printed(
    lambdas, carol, cluster, watcher, eventually, configured
):
    configured(INVOCATION_TIMEOUT_SECONDS="1")
    slow = ["python", "-u", "-c", "import time; print('so far'); time.sleep(600)"]
    lambdas(
        "POST", "/v1/functions", as_=carol, json={"name": "slow", "image": "python:3.11", "command": slow}
    )
    answer = lambdas("POST", "/v1/functions/slow:invoke", as_=carol, json={}).json
    wake("run", answer["invocation_id"])
    eventually(lambda: runs.get(answer["invocation_id"]).state.final)
    found, output = runs.with_output(answer["invocation_id"])
    assert (found.state, found.reason, output.stdout) == ("timeout", "DeadlineExceeded", "so far\n")
    eventually(lambda: cluster.get(Ref("Job", answer["job_name"], carol.namespace)) is None)


def test_a_second_watcher_waits_and_takes_over(cluster, eventually):
    first = lease.acquire("another", now=clock.now())
    assert first is not None
    waiting = threading.Thread(target=run.watch, kwargs={"seconds": 12})
    waiting.start()
    assert lease.renew(first, now=clock.now()) is not None
    lease.release(first, now=clock.now())

    def fence():
        row = lease.LeaseRow.get("lease#reconciler", consistent_read=True)
        return int(row.fence)

    eventually(lambda: fence() == first.fence + 1)
    waiting.join(15)
    assert not waiting.is_alive()
    assert lease.acquire("next", now=clock.now() + timedelta(seconds=1)) is not None


def test_a_watcher_that_never_gets_the_lease_ends_quietly(cluster):
    held = lease.acquire("another", now=clock.now() + timedelta(seconds=60))
    assert held is not None
    run.watch(seconds=9)
    assert lease.renew(held, now=clock.now()) is not None
    lease.release(held, now=clock.now())


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"kind": "function"}', '{"kind": "saga", "key": "x"}', '{"kind": "run", "key": 1}'],
)
def test_what_is_no_wake_up_is_never_tried_again(body):
    with pytest.raises(Permanent, match="not a wake-up"):
        run.key_in(body)
