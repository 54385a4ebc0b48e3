"""The ids that a request carries: taken over if they are ids, never repeated if they are not."""

import pytest

from tests.inprocess import Lambdas, User

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_callers_ids_come_back(lambdas: Lambdas) -> None:
    answer = lambdas("GET", "/healthz", headers={"X-Request-ID": "r-1", "X-Correlation-ID": "order-17"})
    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "order-17")


def test_without_ids_each_request_gets_its_own(lambdas: Lambdas) -> None:
    one, other = (lambdas("GET", "/healthz").headers for _ in range(2))
    assert one["x-request-id"] == one["x-correlation-id"] != other["x-request-id"]


def test_a_request_is_its_own_correlation(lambdas: Lambdas) -> None:
    assert lambdas("GET", "/healthz", headers={"X-Request-ID": "r-1"}).headers["x-correlation-id"] == "r-1"


@pytest.mark.parametrize(
    "hostile",
    [
        "a\r\nSet-Cookie: b=c",
        "a b",
        "<script>alert(1)</script>",
        "é",
        "x" * 129,
        '"',
        "\0",
        "${jndi:ldap://x}",
        " ",
    ],
)
def test_what_is_no_id_is_replaced(hostile: str, lambdas: Lambdas) -> None:
    sent = {"X-Request-ID": hostile, "X-Correlation-ID": hostile, "traceparent": hostile}
    answer = lambdas("GET", "/healthz", headers=sent)
    assert answer.status == 200
    assert hostile.strip() not in answer.headers.values() or not hostile.strip()
    assert answer.headers["x-request-id"] == answer.headers["x-correlation-id"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/functions", 401), ("GET", "/nothing", 404), ("PUT", "/healthz", 405)],
)
def test_refusals_carry_the_ids_too(method: str, path: str, status: int, lambdas: Lambdas) -> None:
    answer = lambdas(method, path, headers={"X-Request-ID": "r-1", "X-Correlation-ID": "order-17"})
    assert answer.status == status
    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "order-17")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_trace_goes_on_into_the_events(lambdas: Lambdas, carol: User) -> None:
    sent = {"X-Correlation-ID": "order-17", "traceparent": TRACE}
    lambdas("POST", "/v1/functions", as_=carol, json={"name": "a", "image": "b"}, headers=sent)
    (event,) = lambdas.events_of(carol)
    assert (event["correlation_id"], event["traceparent"]) == ("order-17", TRACE)


def test_a_broken_trace_begins_anew(lambdas: Lambdas, carol: User) -> None:
    sent = {"traceparent": "00-zz"}
    lambdas("POST", "/v1/functions", as_=carol, json={"name": "a", "image": "b"}, headers=sent)
    (event,) = lambdas.events_of(carol)
    assert len(event["traceparent"]) == len(TRACE)
    assert event["traceparent"] != TRACE
