import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import errors
from shared.errors import AppError, FieldError, Invalid
from shared.http.families import (
    Family,
    body_of,
    family_of,
    problem_of,
    render_gateway_error,
    status_of,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TWO_FIELDS = Invalid("two things", fields=[FieldError("name", "too long"), FieldError("env.A", "odd", "env")])


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/auth/token", Family.E0),
        ("/healthz", Family.E0),
        ("/readyz", Family.E0),
        ("/metrics", Family.E0),
        ("/v1/functions", Family.E0),
        ("/v1/functions/", Family.E0),
        ("/v1/functions/hello/logs", Family.E0),
        ("/v1/functions/hello:invoke", Family.E0),
        ("/v2/functions", Family.E0),
        ("/v3/functions", Family.E0),
        ("/v1/webhooks", Family.E0),
        ("/v1/deployments", Family.E1),
        ("/v1/auth/login", Family.E1),
        ("/v1/function", Family.E1),
        ("/health", Family.E1),
        ("/health/", Family.E1),
        ("/api/v1/events", Family.E23),
        ("/api/v1", Family.E23),
        ("/health/healthz", Family.E23),
        ("/auth/login", Family.E4),
        ("/users/me", Family.E4),
        ("/tasks", Family.E4),
        ("/files/x", Family.E4),
        ("/metrics/system", Family.E4),
        ("/ml/predict", Family.E4),
        ("/info", Family.E4),
        ("/nothing/here", Family.E4),
        ("/v4/functions", Family.E4),
    ],
)
def test_the_path_chooses_the_family(path: str, family: Family) -> None:
    assert family_of(path) is family


KINDS = sorted(
    (kind for kind in AppError.__subclasses__() if kind.__module__ == "shared.errors"),
    key=lambda kind: kind.status,
)


def refusal(kind: type[AppError]) -> AppError:
    return kind("what and why", allow=["GET"]) if kind is errors.MethodNotAllowed else kind("what and why")


@pytest.mark.parametrize("kind", [*KINDS, AppError])
@pytest.mark.parametrize("family", Family)
def test_every_refusal_has_the_body_of_its_family(kind: type[AppError], family: Family) -> None:
    body = body_of(refusal(kind), family, request_id="r1", now=NOW)
    match family:
        case Family.E0:
            assert body.keys() == {"error", "message"}
            assert isinstance(body["error"], str)
        case Family.E1:
            assert body["error"] == {"code": kind.code, "message": "what and why", "details": ""}
            assert body["message"] == "what and why"
        case Family.E23:
            assert body == {
                "error_code": kind.code,
                "message": "what and why",
                "request_id": "r1",
                "detail": "what and why",
            }
        case Family.E4:
            assert body["error"] == {
                "code": kind.code,
                "message": "what and why",
                "details": {},
                "timestamp": "2026-01-02T03:04:05.000Z",
                "request_id": "r1",
            }
    assert json.dumps(body)


@pytest.mark.parametrize(
    ("family", "status"), [(Family.E0, 400), (Family.E1, 400), (Family.E23, 422), (Family.E4, 400)]
)
def test_a_value_that_breaks_a_rule_has_the_status_of_its_document(family: Family, status: int) -> None:
    assert status_of(TWO_FIELDS, family) == status


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Invalid])
@pytest.mark.parametrize("family", Family)
def test_every_other_refusal_has_one_status(kind: type[AppError], family: Family) -> None:
    assert status_of(refusal(kind), family) == kind.status


@pytest.mark.parametrize(
    ("family", "told"),
    [
        pytest.param(Family.E0, {"error": "Bad Request", "message": "two things"}, id="E0"),
        pytest.param(
            Family.E1,
            {
                "error": {
                    "code": "VALIDATION_ERROR",
                    "message": "two things",
                    "details": "name: too long; env.A: odd",
                },
                "message": "two things",
            },
            id="E1",
        ),
        pytest.param(
            Family.E23,
            {
                "error_code": "VALIDATION_ERROR",
                "message": "two things",
                "request_id": "r1",
                "detail": [
                    {"loc": ["body", "name"], "msg": "too long", "type": "invalid"},
                    {"loc": ["body", "env", "A"], "msg": "odd", "type": "env"},
                ],
            },
            id="E23",
        ),
        pytest.param(
            Family.E4,
            {
                "error": {
                    "code": "VALIDATION_ERROR",
                    "message": "two things",
                    "details": {"name": "too long", "env.A": "odd"},
                    "timestamp": "2026-01-02T03:04:05.000Z",
                    "request_id": "r1",
                }
            },
            id="E4",
        ),
    ],
)
def test_each_family_tells_which_fields(family: Family, told: dict[str, Any]) -> None:
    assert body_of(TWO_FIELDS, family, request_id="r1", now=NOW) == told


@pytest.mark.parametrize("family", Family)
def test_a_problem_is_the_same_in_all_families_but_for_its_status(family: Family) -> None:
    problem = problem_of(TWO_FIELDS, family, path="/x", request_id="r1")
    status = status_of(TWO_FIELDS, family)
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request" if status == 400 else "Unprocessable Entity",
        "status": status,
        "detail": "two things",
        "instance": "/x",
        "code": "VALIDATION_ERROR",
        "request_id": "r1",
        "errors": [
            {"pointer": "#/name", "detail": "too long"},
            {"pointer": "#/env/A", "detail": "odd"},
        ],
    }


def test_a_problem_without_fields_lists_none() -> None:
    assert "errors" not in problem_of(errors.NotFound("no"), Family.E0, path="/x", request_id="r")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (413, "PAYLOAD_TOO_LARGE"),
        (429, "RATE_LIMITED"),
        (500, "INTERNAL_ERROR"),
        (503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_the_gateways_own_refusals_have_the_paths_family(status: int, code: str) -> None:
    assert render_gateway_error("/users", status, "no", "r1")["error"]["code"] == code
    assert render_gateway_error("/v1/functions", status, "no", "r1").keys() == {"error", "message"}
