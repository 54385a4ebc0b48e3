"""A story told over HTTP, and then what is left of it: nothing that opens a door."""

import json
import secrets
from pathlib import Path
from typing import Any

import boto3
import jwt
import pytest


@pytest.fixture(scope="module")
def doors(stack: Any) -> dict[str, str]:
    """What must stay inside, by what it is."""
    manager = boto3.client(
        "secretsmanager",
        endpoint_url=stack.aws_endpoint,
        region_name=stack.environment["AWS_REGION"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    stored = manager.get_secret_value(SecretId=stack.environment["SIGNING_SECRET"])["SecretString"]
    manager.close()
    return {"signing key": json.loads(stored)["key"]}


@pytest.fixture
def story(call: Any, alice: Any) -> tuple[list[str], dict[str, str]]:
    """Requests of every kind, good and bad; their answers, and the secrets that were sent."""
    env = secrets.token_hex(16)
    given = secrets.token_hex(16)
    forged = jwt.encode({"sub": "alice"}, "k" * 64, algorithm="HS256")
    hello = {"name": "hello", "image": "nginx:alpine", "env": {"DATABASE_PASSWORD": env}}
    as_forged = {"headers": {"Authorization": f"Bearer {forged}"}}
    answers = [
        call("POST", "/v1/functions", as_=alice, json=hello),
        call("POST", "/v1/functions", as_=alice, json=hello),
        call("POST", "/v1/functions", as_=alice, json=hello | {"image": "NOT AN IMAGE"}),
        call("PATCH", "/v1/functions/hello", as_=alice, json={"replicas": 2}),
        call("POST", "/v1/functions/hello:invoke", as_=alice, json={"input": {"secret": given}}),
        call("GET", "/v1/functions", **as_forged),
        call("GET", "/v1/functions", headers={"Authorization": alice.token}),
        call("GET", "/v1/functions/hello/logs", as_=alice),
        call("GET", "/readyz"),
        call("GET", "/metrics"),
        call("DELETE", "/v1/functions/hello", as_=alice),
    ]
    sent = {"token": alice.token, "forged token": forged, "environment": env, "input": given}
    return [answer.text + str(dict(answer.headers)) for answer in answers], sent


def _logs(state: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in state.glob("*.log"))


def test_no_log_line_tells_a_secret(
    stack: Any, story: tuple[list[str], dict[str, str]], doors: dict[str, str], eventually: Any
) -> None:
    _, sent = story
    eventually(lambda: "/readyz" in _logs(stack.state))
    written = _logs(stack.state)
    told = [what for what, value in {**sent, **doors}.items() if value in written]
    assert told == []


def test_no_answer_tells_a_secret_but_the_environment_to_its_owner(
    story: tuple[list[str], dict[str, str]], doors: dict[str, str]
) -> None:
    answers, sent = story
    everything = "\n".join(answers)
    told = {what for what, value in {**sent, **doors}.items() if value in everything}
    assert told == {"environment"}


def test_no_event_tells_a_secret(
    world: Any, story: tuple[list[str], dict[str, str]], doors: dict[str, str]
) -> None:
    _, sent = story
    rows = json.dumps([row for row in world.rows("EVENTS_TABLE")])
    assert [what for what, value in {**sent, **doors}.items() if value in rows] == []
