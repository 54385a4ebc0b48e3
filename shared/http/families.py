"""Which error body a path answers with. Five documents describe five shapes; no single body is all of them.

    E0   {"error": "Not Found", "message": …}                                  functions, /auth/token, probes
    E1   {"error": {"code", "message", "details": text}, "message": …}         the rest of /v1, /health
    E23  {"error_code", "message", "request_id", "detail"}                     /api/v1, /health/…
    E4   {"error": {"code", "message", "details": {}, "timestamp", "request_id"}}   everything else

A client that accepts application/problem+json gets RFC 9457 instead, whatever the path.
"""

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from shared import clock
from shared.errors import AppError, Invalid

PROBLEM = "application/problem+json"
JSON = "application/json"


class Family(StrEnum):
    E0 = "E0"
    E1 = "E1"
    E23 = "E23"
    E4 = "E4"


_E0_PATHS = ("/auth/token", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/")
_E0_TREES = ("/v1/functions", "/v2/functions", "/v3/functions", "/v1/webhooks")


def family_of(path: str) -> Family:
    path = path.rstrip("/") or "/"
    if path in _E0_PATHS or path.startswith(_E0_TREES):
        return Family.E0
    if path.startswith("/v1/") or path == "/health":
        return Family.E1
    if path.startswith(("/api/v1", "/health/")):
        return Family.E23
    return Family.E4


def status_of(error: AppError, family: Family) -> int:
    """A value that breaks a rule is 400 in every document but the third's, which says 422."""
    if isinstance(error, Invalid) and family is Family.E23:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return error.status


def body_of(error: AppError, family: Family, *, request_id: str, now: datetime) -> dict[str, Any]:
    match family:
        case Family.E0:
            return {"error": _phrase(status_of(error, family)), "message": error.message}
        case Family.E1:
            inner = {"code": error.code, "message": error.message, "details": _sentence(error)}
            return {"error": inner, "message": error.message}
        case Family.E23:
            return {
                "error_code": error.code,
                "message": error.message,
                "request_id": request_id,
                "detail": _fastapi_detail(error) or error.message,
            }
        case Family.E4:
            inner_object = {
                "code": error.code,
                "message": error.message,
                "details": {field.field: field.message for field in error.fields},
                "timestamp": clock.iso(now),
                "request_id": request_id,
            }
            return {"error": inner_object}


def problem_of(error: AppError, family: Family, *, path: str, request_id: str) -> dict[str, Any]:
    """Problem details (RFC 9457). `type` stays about:blank: the code names the kind."""
    status = status_of(error, family)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": _phrase(status),
        "status": status,
        "detail": error.message,
        "instance": path,
        "code": error.code,
        "request_id": request_id,
    }
    if error.fields:
        problem["errors"] = [
            {"pointer": "#/" + field.field.replace(".", "/"), "detail": field.message}
            for field in error.fields
        ]
    return problem


def render_gateway_error(path: str, status: int, message: str, request_id: str) -> dict[str, Any]:
    """The body for an answer that no handler gave: a crash, a timeout, a refusal by the gateway itself."""
    error = AppError(message)
    error.status = status
    error.code = {413: "PAYLOAD_TOO_LARGE", 429: "RATE_LIMITED", 503: "SERVICE_UNAVAILABLE"}.get(
        status, error.code
    )
    return body_of(error, family_of(path), request_id=request_id, now=clock.now())


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _sentence(error: AppError) -> str:
    return "; ".join(f"{field.field}: {field.message}" for field in error.fields)


def _fastapi_detail(error: AppError) -> list[dict[str, Any]]:
    return [
        {"loc": ["body", *field.field.split(".")], "msg": field.message, "type": field.kind}
        for field in error.fields
    ]
