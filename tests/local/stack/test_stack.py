import contextlib
import os
import socket

import boto3
import httpx
import pytest

from local.stack import Stack, StackError


def test_functions_of_the_template_answer_and_find_its_tables(small_project):
    with Stack.start(project=small_project) as stack:
        assert httpx.put(f"{stack.url}/things/one").status_code == 200
        dynamodb = boto3.client(
            "dynamodb",
            endpoint_url=stack.aws_endpoint,
            region_name=stack.environment["AWS_REGION"],
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        with contextlib.closing(dynamodb):
            stored = dynamodb.scan(TableName=stack.environment["THINGS"])["Items"]
    assert stored == [{"id": {"S": "one"}}]


def test_leaving_a_stack_leaves_nothing_behind(small_project, family, gone):
    before = family(os.getpid())
    with Stack.start(project=small_project) as stack:
        httpx.put(f"{stack.url}/things/one")
        started = family(os.getpid()) - before
    assert len(started) >= 5  # database, gateway, two zygotes, a worker
    gone(started)
    with pytest.raises(httpx.ConnectError):
        httpx.get(stack.url)


def test_stacks_run_side_by_side(small_project):
    with Stack.start(project=small_project) as one, Stack.start(project=small_project) as other:
        assert one.url != other.url
        for stack in (one, other):
            assert httpx.put(f"{stack.url}/things/one").status_code == 200


def test_a_running_stack_is_found_by_its_url(small_project):
    with Stack.start(project=small_project) as stack:
        found = Stack.attach(stack.url, project=small_project)
        assert found.environment == stack.environment
        assert found.aws_endpoint == stack.aws_endpoint
    with pytest.raises(StackError, match="make run"):
        Stack.attach(stack.url, project=small_project)


def test_a_taken_port_is_said_with_the_way_out(small_project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        started = Stack.start(port, project=small_project)
        with pytest.raises(StackError, match=f"port {port} is taken.*PORT={port + 1}"), started:
            pass


def test_a_kubeconfig_that_is_not_there_is_said(small_project, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/nowhere/kubeconfig")
    with pytest.raises(StackError, match="/nowhere/kubeconfig"), Stack.start(project=small_project):
        pass


def test_a_template_that_cannot_be_run_ends_the_start_with_the_reason(small_project):
    template = small_project / "template.yaml"
    template.write_text(template.read_text().replace("/things/{id}", "/things/{id}:put"))
    with pytest.raises(Exception, match=r"/things/\{id\}:put"), Stack.start(project=small_project):
        pass
