"""Counters over HTTP: what a request adds to the page that Prometheus reads."""

import re

import pytest

from shared import store
from tests.inprocess import Lambdas, User


def total(lambdas: Lambdas, method: str, endpoint: str, status: int) -> int:
    page = lambdas("GET", "/metrics").text
    sample = f'eventflow_api_requests_total{{method="{method}",endpoint="{endpoint}",status="{status}"}} '
    found = re.search("^" + re.escape(sample) + r"(\d+)$", page, re.MULTILINE)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    ("method", "path", "endpoint", "status"),
    [
        ("GET", "/v1/functions", "/v1/functions", 200),
        ("GET", "/v1/functions/absent", "/v1/functions/{name}", 404),
        ("POST", "/v1/functions/absent:invoke", "/v1/functions/{name}", 404),
        ("POST", "/v1/functions", "/v1/functions", 400),
        ("GET", "/healthz", "/healthz", 200),
        ("GET", "/what/nobody/declared", "$default", 404),
        ("PUT", "/healthz", "$default", 405),
    ],
)
def test_a_request_counts_under_its_route(
    method: str, path: str, endpoint: str, status: int, lambdas: Lambdas, carol: User
) -> None:
    before = total(lambdas, method, endpoint, status)
    for _ in range(3):
        assert lambdas(method, path, as_=carol).status == status
    assert total(lambdas, method, endpoint, status) == before + 3


def test_the_page_is_prometheus_text(lambdas: Lambdas) -> None:
    answer = lambdas("GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE eventflow_api_request_duration_seconds histogram" in answer.text


def test_callers_cannot_make_up_labels(lambdas: Lambdas) -> None:
    """A method is any word: one with our separator in it made the page unreadable for good."""
    for method in ("BREW", "A#B", "X" * 500, "get"):
        lambdas(method, "/x#y")
    page = lambdas("GET", "/metrics")
    assert page.status == 200
    assert "BREW" not in page.text
    assert total(lambdas, "OTHER", "$default", 404) >= 4


def test_a_lost_count_loses_no_answer(lambdas: Lambdas) -> None:
    with lambdas.without("dynamodb"):
        assert lambdas("GET", "/healthz").status == 200


def test_counters_of_many_requests_lie_under_several_keys(lambdas: Lambdas) -> None:
    for _ in range(40):
        lambdas("GET", "/healthz")
    rows = store.client().scan(TableName=lambdas.environment["METRICS_TABLE"])["Items"]
    shards = {row["shard"]["S"] for row in rows if row["series"]["S"] == "requests#GET#/healthz#200"}
    assert len(shards) > 3
