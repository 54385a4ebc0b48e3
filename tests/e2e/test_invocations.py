"""What becomes of an invocation: its result, its failure, its times; and that it happens exactly once."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.cluster.port import Ref, Selection

# One image, two lives: deployed it stays, invoked it does what the input asks for and ends.
WORKER = """\
import json, os, sys, time
if "EVENTFLOW_JOB_NAME" not in os.environ:
    while True: time.sleep(60)
if path := os.environ.get("EVENTFLOW_INPUT_FILE"):
    asked = json.load(open(path))
    assert "EVENTFLOW_INPUT" not in os.environ
else:
    asked = json.loads(os.environ["EVENTFLOW_INPUT"])
match asked:
    case {"exit": code}: print("before the end", flush=True); sys.exit(code)
    case {"print": text, "times": times}: print(text * times)
    case {"sleep": seconds}: time.sleep(seconds); print("slept")
    case {"text": text}: print("it is " + str(len(text)))
    case {"env": name}: print(json.dumps(os.environ.get(name)))
    case _: print(json.dumps({"got": asked, "job": os.environ["EVENTFLOW_JOB_NAME"]}))
"""


@pytest.fixture
def worker(tenant):
    tenant.create(program=WORKER, env={"COLOUR": "red"})
    return tenant


@pytest.mark.parametrize(
    "input",
    [
        pytest.param({"who": "wörld", "n": [1, 2.5, None, True]}, id="an object"),
        pytest.param([1, 2], id="a list"),
        pytest.param("text", id="a text"),
        pytest.param(None, id="nothing"),
    ],
)
def test_the_function_gets_its_input_and_its_caller_the_result(worker, input):
    answer = worker.invoke(input=input)
    assert answer.status == 200
    assert answer.json["message"] == "Function 'hello' invoked successfully"
    invocation = answer.json["invocation"]
    assert invocation["result"] == {"got": input, "job": answer.json["job_name"]}
    assert (invocation["status"], invocation["exit_code"], invocation["error"]) == ("completed", 0, None)
    assert invocation["output_truncated"] is False
    assert worker("GET", answer.headers["location"]).json == invocation


def test_it_is_timed_phase_by_phase(worker):
    answer = worker.invoke(input={"sleep": 0.3})
    timings = answer.json["invocation"]["timings_ms"]
    assert set(timings) == {"queue", "start", "run", "store", "total"}
    assert sum(timings.values()) == pytest.approx(2 * timings["total"], abs=5)
    said = dict(re.findall(r"(\w+);dur=(\d+)", answer.headers["server-timing"]))
    assert {phase: int(ms) for phase, ms in said.items()} == timings


def test_without_a_wait_the_answer_comes_before_the_result(worker):
    answer = worker.invoke(input={"sleep": 0.5}, wait=0)
    assert (answer.status, answer.json["status"], answer.json["invocation"]) == (200, "queued", None)
    outcome = worker.outcome(answer.json["invocation_id"])
    assert (outcome["status"], outcome["result"]) == ("completed", "slept\n")


def test_a_wait_that_ends_before_the_run_is_answered_202(worker):
    worker.until()
    answer = worker.invoke(input={"sleep": 4}, wait=1)
    assert (answer.status, answer.headers["preference-applied"]) == (202, "wait=1")
    assert answer.json["status"] in {"queued", "scheduled", "running"}
    assert worker.outcome(answer.json["invocation_id"])["result"] == "slept\n"


def test_a_body_is_not_needed(worker):
    answer = worker("POST", "/v1/functions/hello:invoke", headers={"Prefer": "wait=25"})
    assert answer.json["invocation"]["result"]["got"] is None


def test_an_input_that_is_too_large_for_the_environment_comes_as_a_file(worker):
    assert worker.finished(input={"text": "x" * 200_000})["result"] == "it is 200000\n"


def test_an_input_that_is_too_large_altogether_is_refused(worker):
    answer = worker.invoke(input="x" * 300_000)
    assert answer.status == 400
    assert answer.json["message"].startswith("input has 300002 bytes")
    assert worker("GET", "/v1/functions/hello/invocations").json == []


def test_a_long_output_is_cut_and_says_so(worker):
    outcome = worker.finished(input={"print": "0123456789", "times": 40_000})
    assert outcome["status"] == "completed"
    assert len(outcome["output"]) == 256 * 1024
    assert outcome["output_truncated"] is True


def test_a_failure_keeps_its_exit_code_and_what_was_printed(worker):
    outcome = worker.finished(input={"exit": 3})
    assert (outcome["status"], outcome["exit_code"], outcome["result"]) == ("failed", 3, None)
    assert outcome["error"] == {
        "reason": "Error",
        "message": "the container ended with exit code 3; see its logs.",
    }
    assert outcome["output"] == "before the end\n"


def test_it_runs_what_is_wanted_now(worker):
    assert worker.finished(input={"env": "COLOUR"})["result"] == "red"
    worker("PATCH", "/v1/functions/hello", json={"env": {"COLOUR": "blue"}})
    assert worker.finished(input={"env": "COLOUR"})["result"] == "blue"


def test_an_image_that_cannot_run_here_fails_and_says_why(tenant, stack):
    if not stack.emulated_cluster:
        pytest.skip("a real cluster runs it")
    tenant.create(image="nginx:alpine")
    outcome = tenant.finished()
    assert (outcome["status"], outcome["result"], outcome["exit_code"]) == ("failed", None, None)
    assert outcome["error"]["reason"] == "ImagePullBackOff"
    assert "nginx:alpine" in outcome["error"]["message"]


def test_what_it_printed_outlives_its_pod(worker, kubernetes, eventually):
    outcome = worker.finished(input=1)
    namespace = worker.user.namespace
    kubernetes.delete(Ref("Job", outcome["job_name"], namespace))
    jobs = Selection(namespace, {"eventflow.io/run": outcome["id"]})
    eventually(lambda: not kubernetes.list("Pod", jobs).items, within=30)
    assert worker.outcome(outcome["id"]) == outcome


def test_it_goes_on_when_its_function_is_deleted(worker):
    begun = worker.invoke(input={"sleep": 1}, wait=0).json
    assert worker("DELETE", "/v1/functions/hello").status == 204
    assert worker.outcome(begun["invocation_id"])["result"] == "slept\n"


def test_the_last_ones_are_listed_first(worker):
    made = [worker.invoke(input=number, wait=0).json["invocation_id"] for number in range(3)]
    first = worker("GET", "/v1/functions/hello/invocations?limit=2")
    assert [one["id"] for one in first.json] == made[:0:-1]
    link = first.headers["link"]
    rest = worker("GET", link[1 : link.index(">")])
    assert [one["id"] for one in rest.json] == made[:1]


def test_the_same_idempotency_key_invokes_once(worker):
    first = worker.invoke(input=1, idempotency_key="order-7")
    again = worker.invoke(input=1, idempotency_key="order-7")
    assert again.json == first.json
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    other = worker.invoke(input=2, idempotency_key="order-7")
    assert (other.status, other.json["error"]) == (422, "Unprocessable Entity")
    assert len(worker("GET", "/v1/functions/hello/invocations").json) == 1


def test_thirty_at_once_run_once_each(worker, kubernetes, events):
    worker.until()
    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda number: worker.invoke(input=number, wait=0), range(30)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["job_name"] for answer in answers}) == 30
    outcomes = [worker.outcome(answer.json["invocation_id"]) for answer in answers]
    assert [one["error"] for one in outcomes if one["error"]] == []
    assert [one["result"]["got"] for one in outcomes] == list(range(30))
    jobs = kubernetes.list("Job", Selection(worker.user.namespace)).items
    assert sorted(job["metadata"]["name"] for job in jobs) == sorted(one["job_name"] for one in outcomes)
    pods = kubernetes.list(
        "Pod", Selection(worker.user.namespace, {"app.kubernetes.io/component": "run"})
    ).items
    assert len(pods) == 30
    happened = [kind for kind, _ in events(worker.user.user_id)]
    assert (happened.count("function.invoked"), happened.count("run.completed")) == (30, 30)


def test_an_unknown_function_is_not_invoked(tenant):
    answer = tenant.invoke("nobody")
    assert (answer.status, answer.json) == (
        404,
        {"error": "Not Found", "message": "function 'nobody' not found"},
    )
