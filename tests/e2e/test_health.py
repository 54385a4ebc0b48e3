"""Probes and metrics, as the API reference shows them."""

import re

SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")


def test_it_is_healthy_and_ready(call):
    assert call("GET", "/healthz").json == {"status": "healthy"}
    assert call("GET", "/readyz").json["status"] == "ready"


def test_requests_are_counted(call, tenant):
    before = _samples(call)
    for _ in range(3):
        tenant("GET", "/v1/functions")
    after = _samples(call)
    series = ("eventflow_api_requests_total", 'method="GET",endpoint="/v1/functions",status="200"')
    assert after[series] - before.get(series, 0) >= 3
    timed = ("eventflow_api_request_duration_seconds_count", 'method="GET",endpoint="/v1/functions"')
    assert after[timed] >= after[series]


def test_durations_are_a_histogram(call, tenant):
    tenant.create(image="nginx:alpine")
    buckets = {
        dict(re.findall(r'(\w+)="([^"]*)"', labels))["le"]: value
        for (name, labels), value in _samples(call).items()
        if name == "eventflow_api_request_duration_seconds_bucket"
        and 'method="POST",endpoint="/v1/functions"' in labels
    }
    assert {"0.1", "0.5", "1", "+Inf"} <= set(buckets)
    assert list(buckets.values()) == sorted(buckets.values())


def test_functions_are_counted_by_namespace_and_status(call, tenant, eventually):
    for name in ("one", "two"):
        tenant.create(name, image="nginx:alpine")

    def count(status):
        labels = f'namespace="{tenant.user.namespace}",status="{status}"'
        return _samples(call).get(("eventflow_functions_total", labels), 0)

    eventually(lambda: (count("Running"), count("Pending")) == (2, 0), within=40)
    tenant("DELETE", "/v1/functions/one")
    eventually(lambda: count("Running") == 1, within=40)


def _samples(call):
    answer = call("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = [SAMPLE.match(line) for line in answer.text.splitlines() if not line.startswith("#")]
    return {(sample["name"], sample["labels"]): float(sample["value"]) for sample in found}
