import re
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.metrics import rules
from shared.metrics.rules import BUCKETS, SHARDS, FunctionGauge, RequestCount

SAMPLE = re.compile(r'(?P<name>[a-z_]+)\{(?P<labels>(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (?P<value>\S+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parsed(page: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """A reader after the format's specification: a family is announced before its samples."""
    series: dict[str, dict[tuple[tuple[str, str], ...], float]] = defaultdict(dict)
    announced: dict[str, str] = {}
    helped: set[str] = set()
    assert page.endswith("\n")
    for line in page.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in helped
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name in helped
            announced[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            family = re.sub(r"_(bucket|sum|count)$", "", found["name"])
            assert announced.get(family) == "histogram" or found["name"] in announced, line
            labels = tuple(
                (key, re.sub(r"\\.", lambda m: UNESCAPED[m[0]], text))
                for key, text in LABEL.findall(found["labels"])
            )
            assert labels not in series[found["name"]], "a sample appears once"
            series[found["name"]][labels] = float(found["value"])
    return series


def count(
    seconds: float = 0.05, *, method: str = "GET", endpoint: str = "/v1/functions", status: str = "200"
) -> RequestCount:
    buckets = tuple(int(rules.bucket_of(seconds) == index) for index in range(len(BUCKETS)))
    return RequestCount(method, endpoint, status, 1, seconds, buckets)


def test_requests_are_counted_by_method_endpoint_and_status_under_both_names() -> None:
    page = parsed(rules.page([count(), count(), count(status="404"), count(method="POST")], []))
    for name in ("eventflow_api_requests_total", "http_requests_total"):
        assert page[name] == {
            (("method", "GET"), ("endpoint", "/v1/functions"), ("status", "200")): 2,
            (("method", "GET"), ("endpoint", "/v1/functions"), ("status", "404")): 1,
            (("method", "POST"), ("endpoint", "/v1/functions"), ("status", "200")): 1,
        }


@given(st.lists(st.floats(0, 100), max_size=30))
def test_durations_are_a_cumulative_histogram(durations: list[float]) -> None:
    page = parsed(rules.page([count(seconds) for seconds in durations], []))
    for name in ("eventflow_api_request_duration_seconds", "http_request_duration_seconds"):
        buckets = {dict(labels)["le"]: value for labels, value in page[f"{name}_bucket"].items()}
        if not durations:
            assert buckets == {}
            continue
        assert list(buckets) == [f"{bound:g}" for bound in BUCKETS] + ["+Inf"]
        for bound, value in buckets.items():
            assert value == sum(seconds <= float(bound) for seconds in durations)
        ((_, total),) = page[f"{name}_count"].items()
        ((_, seconds),) = page[f"{name}_sum"].items()
        assert total == buckets["+Inf"] == len(durations)
        assert seconds == pytest.approx(sum(durations), rel=1e-5, abs=1e-4)


def test_the_seeds_buckets_are_there() -> None:
    assert {0.1, 0.5, 1.0} <= set(BUCKETS)


def test_functions_are_counted_by_namespace_and_status() -> None:
    gauges = [
        FunctionGauge("tenant-a", "Running", 3),
        FunctionGauge("tenant-a", "Running", 2),
        FunctionGauge("tenant-b", "Pending", 1),
        FunctionGauge("tenant-b", "Failed", -1),
    ]
    assert parsed(rules.page([], gauges))["eventflow_functions_total"] == {
        (("namespace", "tenant-a"), ("status", "Running")): 5,
        (("namespace", "tenant-b"), ("status", "Failed")): 0,
        (("namespace", "tenant-b"), ("status", "Pending")): 1,
    }


@given(st.text())
def test_any_text_is_a_label(text: str) -> None:
    page = parsed(rules.page([count(endpoint=text)], []))
    assert (("method", "GET"), ("endpoint", text), ("status", "200")) in page["http_requests_total"]


def test_a_page_of_nothing_announces_all_families() -> None:
    page = rules.page([], [])
    assert page.count("# HELP ") == page.count("# TYPE ") == 5
    assert parsed(page) == {}


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0, 0.005), (0.005, 0.005), (0.0051, 0.01), (0.7, 1.0), (10, 10.0), (10.1, None)]
)
def test_a_duration_counts_in_the_narrowest_bucket_that_holds_it(seconds: float, bound: float | None) -> None:
    index = rules.bucket_of(seconds)
    assert (None if index is None else BUCKETS[index]) == bound


def test_keys_spread_over_all_shards() -> None:
    shards = {rules.shard_of(f"request-{number}") for number in range(200)}
    assert shards <= {str(shard) for shard in range(SHARDS)}
    assert len(shards) == SHARDS


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param(None, "Pending", [("Pending", 1)], id="created"),
        pytest.param("Pending", "Running", [("Pending", -1), ("Running", 1)], id="came up"),
        pytest.param("Running", "Failed", [("Running", -1), ("Failed", 1)], id="failed"),
        pytest.param("Failed", None, [("Failed", -1)], id="deleted"),
        pytest.param("Pending", "Pending", [], id="stayed"),
        pytest.param(None, None, [], id="not about a status"),
    ],
)
def test_how_an_event_moves_the_gauges(
    before: str | None, after: str | None, changes: list[tuple[str, int]]
) -> None:
    data = {"namespace": "tenant-a", "previous_status": before, "status": after}
    expected = [FunctionGauge("tenant-a", status, change) for status, change in changes]
    assert rules.gauge_changes(data) == expected


def test_an_event_that_has_no_status_moves_none() -> None:
    assert rules.gauge_changes({"namespace": "tenant-a", "state": "queued"}) == []
