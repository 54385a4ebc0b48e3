from typing import Any

import pytest
from pydantic import Field, ValidationError

from shared.http.validation import invalid
from shared.models import Request


def finding(kind: str, *where: object, **more: Any) -> dict[str, Any]:
    return {"type": kind, "loc": where, "msg": "Input should be good", **more}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(finding("missing", "body", "name"), "name is required", id="missing field"),
        pytest.param(finding("missing", "body"), "a JSON body is required", id="missing body"),
        pytest.param(
            finding("json_invalid", "body", 3, ctx={"error": "Expecting value"}),
            "the body is not valid JSON: Expecting value",
            id="broken JSON",
        ),
        pytest.param(
            finding("json_invalid", "body"),
            "the body is not valid JSON: it cannot be parsed",
            id="broken JSON without a reason",
        ),
        pytest.param(
            finding("extra_forbidden", "body", "nmae"),
            "nmae is not a known field; did you mean name?",
            id="near a known field",
        ),
        pytest.param(finding("extra_forbidden", "body", "zzz"), "zzz is not a known field", id="near none"),
        pytest.param(
            finding("value_error", "body", "image", ctx={"error": ValueError("not an image")}),
            "image: not an image",
            id="a rule of ours",
        ),
        pytest.param(
            finding("value_error", "body", ctx={"error": ValueError("send one of them")}),
            "send one of them",
            id="a rule of the whole body",
        ),
        pytest.param(
            finding("model_attributes_type", "body"), "the body must be a JSON object", id="not an object"
        ),
        pytest.param(
            finding("int_type", "body", "replicas"), "replicas: input should be good", id="pydantic's words"
        ),
        pytest.param(
            finding("string_type", "body", "command", 0), "command.0: input should be good", id="in a list"
        ),
        pytest.param(
            finding("string_type", "body", "env", "path"),
            "env.path: input should be good",
            id="key named path",
        ),
        pytest.param(
            finding("string_type", "body", "body", "header"),
            "body.header: input should be good",
            id="keys named as parts of a request",
        ),
        pytest.param(
            finding("string_type", "body", "env", 3, "[key]"),
            "env.3: input should be good",
            id="a key itself",
        ),
        pytest.param(
            finding("int_parsing", "query", "limit"), "limit: input should be good", id="in the query"
        ),
    ],
)
def test_a_finding_in_words(found: dict[str, Any], words: str) -> None:
    assert invalid([found], known=["name", "image", "replicas"]).message == words


def test_all_findings_are_kept_and_five_are_told() -> None:
    refusal = invalid([finding("missing", "body", f"f{index}") for index in range(7)])
    assert refusal.message.endswith("f4 is required; and 2 more")
    assert [field.field for field in refusal.fields] == [f"f{index}" for index in range(7)]
    assert {field.kind for field in refusal.fields} == {"missing"}


def test_no_finding_repeats_what_the_caller_sent() -> None:
    class Login(Request):
        password: str = Field(max_length=3)

    with pytest.raises(ValidationError) as raised:
        Login.model_validate({"password": "hunter2"})
    assert "hunter2" not in invalid(raised.value.errors()).message


def test_requests_take_no_unknown_fields_and_no_near_enough_types() -> None:
    class Wanted(Request):
        count: int

    for body in ({"count": "1"}, {"count": True}, {"count": 1.0}, {"count": 1, "cuont": 2}):
        with pytest.raises(ValidationError):
            Wanted.model_validate(body)
