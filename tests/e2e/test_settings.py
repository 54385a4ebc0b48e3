"""The template's parameters reach the platform: a stack with limits that are soon met."""

from pathlib import Path

import pytest

from local.stack import Stack

PARAMETERS = """\
[default.local_start_api.parameters]
parameter_overrides = ["DevTokenEnabled=true", "InvocationTimeoutSeconds=1", "FunctionsPerTenant=2"]
"""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory, pytestconfig):
    project: Path = tmp_path_factory.mktemp("narrow")
    for name in ("template.yaml", "handlers", "shared"):
        (project / name).symlink_to(pytestconfig.rootpath / name)
    (project / "samconfig.toml").write_text(PARAMETERS)
    with Stack.start(project=project, containers="process") as stack:
        yield stack


def test_a_run_that_takes_too_long_is_ended_and_keeps_what_it_printed(tenant_of, narrow):
    tenant = tenant_of(narrow)
    tenant.create(program="import time\nprint('begun', flush=True)\ntime.sleep(600)")
    outcome = tenant.finished()
    assert (outcome["status"], outcome["error"]["reason"]) == ("timeout", "DeadlineExceeded")
    assert "its limit of 1 seconds" in outcome["error"]["message"]
    assert outcome["output"] == "begun\n"


def test_the_quota_of_functions_is_named_and_freed_by_a_delete(tenant_of, narrow):
    tenant = tenant_of(narrow)
    for name in ("one", "two"):
        tenant.create(name, image="nginx:alpine")
    wanted = {"name": "three", "image": "nginx:alpine"}
    answer = tenant("POST", "/v1/functions", json=wanted)
    assert (answer.status, answer.json["error"]) == (429, "Too Many Requests")
    assert "2 functions" in answer.json["message"]
    assert [one["name"] for one in tenant("GET", "/v1/functions").json] == ["two", "one"]
    tenant("DELETE", "/v1/functions/one")
    assert tenant("POST", "/v1/functions", json=wanted).status == 201
