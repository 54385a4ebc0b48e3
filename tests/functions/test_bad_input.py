"""What POST and PATCH of a function refuse: always 400, the field named, nothing stored."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.inprocess import Lambdas, User

HELLO = {"name": "hello", "image": "nginx:alpine"}

WRONG = [
    # name
    pytest.param({"name": ...}, "name is required", id="no name"),
    pytest.param({"name": None}, "name: input should be a valid string", id="name null"),
    pytest.param({"name": 7}, "name: input should be a valid string", id="name a number"),
    pytest.param({"name": ["a"]}, "name: input should be a valid string", id="name a list"),
    pytest.param({"name": ""}, "name: use 1 to 60", id="name empty"),
    pytest.param({"name": "Hello"}, "name: use 1 to 60", id="name in upper case"),
    pytest.param({"name": "hello_you"}, "name: use 1 to 60", id="name with underscore"),
    pytest.param({"name": "-hello"}, "name: use 1 to 60", id="name begins with a hyphen"),
    pytest.param({"name": "hello-"}, "name: use 1 to 60", id="name ends with a hyphen"),
    pytest.param({"name": "hello.you"}, "name: use 1 to 60", id="name with a dot"),
    pytest.param({"name": "hello:invoke"}, "name: use 1 to 60", id="name with a verb"),
    pytest.param({"name": "a/b"}, "name: use 1 to 60", id="name with a slash"),
    pytest.param({"name": "../x"}, "name: use 1 to 60", id="name climbs"),
    pytest.param({"name": "hello\n"}, "name: use 1 to 60", id="name with a line break"),
    pytest.param({"name": "héllo"}, "name: use 1 to 60", id="name with an accent"),
    pytest.param({"name": "~hello~1"}, "name: use 1 to 60", id="name like a deleted record's key"),
    pytest.param({"name": "a" * 61}, "name: use 1 to 60", id="name over-long"),
    pytest.param({"name": "a" * 100_000}, "name: use 1 to 60", id="name enormous"),
    pytest.param({"name": "kube-proxy"}, "name: names beginning with kube- or", id="name reserved"),
    pytest.param({"name": "eventflow-api"}, "name: names beginning with kube- or", id="name of ours"),
    # image
    pytest.param({"image": ...}, "image is required", id="no image"),
    pytest.param({"image": None}, "image: input should be a valid string", id="image null"),
    pytest.param({"image": ""}, "image: string should have at least 1", id="image empty"),
    pytest.param({"image": "UPPER/case"}, "image: not an image reference", id="image in upper case"),
    pytest.param({"image": "nginx alpine"}, "image: not an image reference", id="image with a space"),
    pytest.param({"image": "nginx:"}, "image: not an image reference", id="image with an empty tag"),
    pytest.param({"image": "nginx\n"}, "image: not an image reference", id="image with a line break"),
    pytest.param({"image": "https://x.io/a"}, "image: not an image reference", id="image as an address"),
    pytest.param({"image": "-v /:/host"}, "image: not an image reference", id="image like an option"),
    pytest.param({"image": "a" * 513}, "image: string should have at most 512", id="image over-long"),
    # replicas
    pytest.param({"replicas": -1}, "replicas: input should be greater than or equal to 0", id="replicas -1"),
    pytest.param({"replicas": 11}, "replicas: input should be less than or equal to 10", id="replicas 11"),
    pytest.param({"replicas": 10**4000}, "replicas: input should be less", id="replicas beyond counting"),
    pytest.param({"replicas": True}, "replicas: input should be a valid integer", id="replicas true"),
    pytest.param({"replicas": "2"}, "replicas: input should be a valid integer", id="replicas as text"),
    pytest.param({"replicas": 1.5}, "replicas: input should be a valid integer", id="replicas 1.5"),
    pytest.param({"replicas": [1]}, "replicas: input should be a valid integer", id="replicas a list"),
    # command
    pytest.param({"command": "sh -c x"}, "command: input should be a valid list", id="command as text"),
    pytest.param({"command": [1]}, "command.0: input should be a valid string", id="command of numbers"),
    pytest.param({"command": ["a", None]}, "command.1: input should be a valid string", id="null part"),
    pytest.param({"command": ["a\0b"]}, "command: holds a NUL", id="command with NUL"),
    pytest.param({"command": ["a"] * 65}, "command: list should have at most 64", id="command of 65 parts"),
    pytest.param({"command": ["é" * 17_000]}, "command: more than 32768 bytes", id="command too large"),
    # env
    pytest.param({"env": ["A=b"]}, "env: input should be a valid dict", id="env a list"),
    pytest.param({"env": {"A": 1}}, "env.A: input should be a valid string", id="env of numbers"),
    pytest.param({"env": {"A": None}}, "env.A: input should be a valid string", id="env null"),
    pytest.param({"env": {"path": 1}}, "env.path: input should be a valid string", id="env named path"),
    pytest.param({"env": {"": "b"}}, "env: '' cannot name", id="env without a name"),
    pytest.param({"env": {"1A": "b"}}, "env: '1A' cannot name", id="env begins with a digit"),
    pytest.param({"env": {"A-B": "b"}}, "env: 'A-B' cannot name", id="env with a hyphen"),
    pytest.param({"env": {"A=B": "b"}}, "env: 'A=B' cannot name", id="env with a sign"),
    pytest.param({"env": {"A" * 129: "b"}}, "env: 'AAAA", id="env name over-long"),
    pytest.param({"env": {"EVENTFLOW_INPUT": "b"}}, "env: 'EVENTFLOW_INPUT' is reserved", id="env of ours"),
    pytest.param({"env": {"A": "b\0c"}}, "env: 'A' holds a NUL", id="env with NUL"),
    pytest.param({"env": {f"A{i}": "" for i in range(101)}}, "env: dictionary should", id="env of 101"),
    pytest.param({"env": {"A": "é" * 17_000}}, "env: more than 32768 bytes", id="env too large"),
    # the rest
    pytest.param({"nmae": "x"}, "nmae is not a known field; did you mean name?", id="misspelt"),
    pytest.param({"replica": 2}, "replica is not a known field; did you mean replicas?", id="singular"),
    pytest.param({"zzz": {}}, "zzz is not a known field", id="unknown"),
    pytest.param({"namespace": 7}, "namespace: input should be a valid string", id="namespace a number"),
]  # fmt: skip


@pytest.fixture
def stored(lambdas: Lambdas) -> Any:
    """Everything that creating a function writes."""
    return lambda: [lambdas.rows(table) for table in ("FUNCTIONS_TABLE", "TENANTS_TABLE", "EVENTS_TABLE")]


def _without_missing(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not ...}


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_a_function_that_breaks_a_rule_is_not_made(
    wrong: dict[str, Any], message: str, lambdas: Lambdas, carol: User, stored: Any
) -> None:
    before = stored()
    answer = lambdas("POST", "/v1/functions", as_=carol, json=_without_missing(HELLO | wrong))
    assert answer.status == 400
    assert answer.json.keys() == {"error", "message"}
    assert answer.json["error"] == "Bad Request"
    assert answer.json["message"].startswith(message)
    assert len(answer.text) < 1000, "what was sent is not sent back whole"
    assert stored() == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [each for each in WRONG if not {"name", "namespace", "nmae"} & each.values[0].keys()  # type: ignore[union-attr]
     and ... not in each.values[0].values() and None not in each.values[0].values()]  # type: ignore[union-attr]
    + [
        pytest.param({"replicas": 0}, "replicas: input should be greater than", id="replicas 0"),
        pytest.param({"name": "other"}, "name is not a known field", id="another name"),
        pytest.param({"namespace": "x"}, "namespace is not a known field", id="a namespace"),
        pytest.param({"status": "Running"}, "status is not a known field", id="a status"),
    ],
)  # fmt: skip
def test_a_change_that_breaks_a_rule_is_not_made(
    wrong: dict[str, Any], message: str, lambdas: Lambdas, carol: User
) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    before = lambdas("GET", "/v1/functions/hello", as_=carol).json
    answer = lambdas("PATCH", "/v1/functions/hello", as_=carol, json=wrong)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request")
    assert answer.json["message"].startswith(message.replace("equal to 0", "equal to 1"))
    assert lambdas("GET", "/v1/functions/hello", as_=carol).json == before
    assert len(lambdas.events_of(carol)) == 1


def test_several_mistakes_are_told_at_once(lambdas: Lambdas, carol: User) -> None:
    body = {"image": "A", "replicas": "x", "nmae": "hello"}
    message = lambdas("POST", "/v1/functions", as_=carol, json=body).json["message"]
    assert "name is required" in message
    assert "image: not an image" in message
    assert "replicas: input should be" in message
    assert "did you mean name?" in message


def test_a_problem_points_at_each_field(lambdas: Lambdas, carol: User) -> None:
    answer = lambdas(
        "POST",
        "/v1/functions",
        as_=carol,
        json={"name": "hello", "image": "nginx", "env": {"A": 1}, "replicas": 11},
        headers={"Accept": "application/problem+json"},
    )
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == answer.status == 400
    assert {each["pointer"] for each in answer.json["errors"]} == {"#/env/A", "#/replicas"}


@pytest.mark.parametrize("body", [[], [1], "text", 7, True, False, 0, "", [HELLO]])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/functions"), ("PATCH", "/v1/functions/hello")])
def test_a_body_that_is_no_object_is_refused(
    method: str, path: str, body: Any, lambdas: Lambdas, carol: User
) -> None:
    answer = lambdas(method, path, as_=carol, json=body)
    assert answer.status == 400, answer.text
    assert "body" in answer.json["message"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "name": ANYTHING | st.just("hello"),
        "image": ANYTHING | st.just("nginx"),
        "replicas": ANYTHING,
        "command": ANYTHING | st.lists(st.text()),
        "env": ANYTHING | st.dictionaries(st.text(), st.text()),
    },
)


@given(body=ANYTHING | NEARLY)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
def test_any_json_is_a_function_or_a_refusal_that_says_why(body: Any, lambdas: Lambdas, carol: User) -> None:
    answer = lambdas("POST", "/v1/functions", as_=carol, json=body)
    assert answer.status in (201, 400, 409, 429), answer.text
    assert json.dumps(answer.json, allow_nan=False)
    if answer.status == 400:
        assert answer.json["error"] == "Bad Request"
        assert answer.json["message"]


@given(body=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_any_bytes_are_refused_politely(body: bytes, lambdas: Lambdas, carol: User) -> None:
    for path in ("/v1/functions", "/v1/functions/hello:invoke"):
        headers = {"Content-Type": "application/json"}
        answer = lambdas("POST", path, as_=carol, body=body, headers=headers)
        assert answer.status in (400, 404), answer.text
