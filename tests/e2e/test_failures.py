"""What goes wrong with a function is in its record, in words that say what to do; nobody needs kubectl."""

import pytest


def test_an_image_that_cannot_be_pulled(tenant, events):
    tenant.create(image="registry.invalid/nobody/nothing:1")
    failed = tenant.until(status="Failed")
    assert failed["status_reason"] == "ImagePullBackOff"
    assert "'registry.invalid/nobody/nothing:1' cannot be pulled" in failed["status_message"]
    kind, data = events(tenant.user.user_id)[-1]
    assert (kind, data["reason"]) == ("function.failed", failed["status_reason"])

    mended = tenant(
        "PATCH", "/v1/functions/hello", json={"image": "python:3.11-slim", "command": ["sleep", "600"]}
    )
    assert (mended.status, mended.json["status"]) == (200, "Pending")
    assert tenant.until(available_replicas=1)["status_reason"] == ""


def test_a_change_for_the_worse_leaves_what_worked(tenant):
    tenant.running()
    tenant("PATCH", "/v1/functions/hello", json={"image": "registry.invalid/nobody/nothing:1"})
    failed = tenant.until(status="Failed")
    assert failed["available_replicas"] == 1
    tenant("PATCH", "/v1/functions/hello", json={"image": "python:3.11-slim"})
    assert tenant.until(updated_replicas=1)["status_reason"] == ""


def test_a_container_that_keeps_crashing(tenant):
    tenant.create(program="raise SystemExit(3)")
    failed = tenant.until(status="Failed")
    assert failed["status_reason"] == "CrashLoopBackOff"
    assert "exit code 3" in failed["status_message"]


def test_a_container_that_ends_although_it_is_to_serve(tenant):
    tenant.create(program="print('done')")
    failed = tenant.until(status="Failed")
    assert failed["status_reason"] == "CrashLoopBackOff"
    assert "can be invoked all the same" in failed["status_message"]
    assert tenant.finished()["result"] == "done\n"


def test_a_command_that_is_not_in_the_image(tenant):
    tenant.create(image="python:3.11-slim", command=["no-such-program"])
    failed = tenant.until(status="Failed")
    assert "no-such-program" in failed["status_message"]
    outcome = tenant.finished()
    assert outcome["status"] == "failed"
    assert "no-such-program" in outcome["error"]["message"]


def test_a_full_namespace(tenant, stack):
    """Its quota holds 40 of these replicas. The one too many says so, and comes up when there is room."""
    if not stack.emulated_cluster:
        pytest.skip("40 pods are a lot to ask of a cluster that runs them")
    for number in range(4):
        tenant.create(f"f{number}", image="nginx:alpine", replicas=10)
    for number in range(4):
        tenant.until(f"f{number}", available_replicas=10)
    tenant.create("late", image="nginx:alpine")
    refused = tenant.until("late", status="Failed")
    assert "quota" in refused["status_message"]
    tenant("DELETE", "/v1/functions/f0")
    tenant.until("late", available_replicas=1)
