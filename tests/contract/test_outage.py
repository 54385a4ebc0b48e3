"""A dependency that does not answer: 503 in the path's family, and nothing half written."""

from typing import Any

import pytest

from shared import aws
from tests.inprocess import Lambdas, User

HELLO = {"name": "hello", "image": "nginx"}
REQUESTS = [
    ("POST", "/v1/functions", HELLO),
    ("GET", "/v1/functions", ...),
    ("GET", "/v1/functions/hello", ...),
    ("PATCH", "/v1/functions/hello", {"replicas": 2}),
    ("DELETE", "/v1/functions/hello", ...),
    ("POST", "/v1/functions/hello:invoke", {"input": 1}),
    ("GET", "/v1/functions/hello/invocations", ...),
    ("GET", "/v1/functions/hello/invocations/01a20293-a30e-79af-b0d8-89c541739093", ...),
    ("GET", "/v1/functions/hello/logs", ...),
    ("GET", "/metrics", ...),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_without_the_database_it_is_503(
    method: str, path: str, body: Any, lambdas: Lambdas, carol: User
) -> None:
    with lambdas.without("dynamodb"):
        answer = lambdas(method, path, as_=carol, json=body)
    assert answer.status == 503, answer.text
    assert answer.json.keys() == {"error", "message"}
    assert answer.json["error"] == "Service Unavailable"
    assert answer.headers["retry-after"] == "1"
    assert lambdas.events_of(carol) == []


def test_without_the_database_this_process_still_answers(lambdas: Lambdas) -> None:
    with lambdas.without("dynamodb"):
        assert lambdas("GET", "/healthz").json == {"status": "healthy"}
        assert lambdas("GET", "/nothing").status == 404


def test_without_the_cluster_a_log_is_503(lambdas: Lambdas, carol: User) -> None:
    lambdas("POST", "/v1/functions", as_=carol, json=HELLO)
    for query in ("", "?follow=true"):
        answer = lambdas("GET", f"/v1/functions/hello/logs{query}", as_=carol)
        assert (answer.status, answer.json["error"]) == (503, "Service Unavailable"), answer.text


@pytest.mark.parametrize(
    ("service", "dependency"),
    [("dynamodb", "database"), ("sqs", "queue"), ("secretsmanager", "secrets")],
)
def test_readiness_names_what_does_not_answer(service: str, dependency: str, lambdas: Lambdas) -> None:
    aws.secret.cache_clear()
    with lambdas.without(service):
        answer = lambdas("GET", "/readyz")
    assert (answer.status, answer.json["error"]) == (503, "Service Unavailable")
    assert f"{dependency} does not answer" in answer.json["message"]
    assert "cluster does not answer" in answer.json["message"], "this world has none"
    others = {"database", "queue", "secrets"} - {dependency}
    assert not any(f"{name} does not" in answer.json["message"] for name in others)
