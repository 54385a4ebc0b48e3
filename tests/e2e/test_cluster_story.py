"""The same story against whatever cluster KUBECONFIG names: kind, k3d, minikube, a real one."""

import os

import pytest

from shared.cluster.port import Ref, Selection

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster"),
]

ADD = """\
import json, os, time
if "EVENTFLOW_JOB_NAME" in os.environ:
    numbers = json.loads(os.environ["EVENTFLOW_INPUT"])
    print(json.dumps({"sum": sum(numbers)}))
else:
    print("ready", flush=True)
    while True: time.sleep(60)
"""
PULLING = 300
"""Seconds. The first image of a new cluster comes over the network."""


def test_create_invoke_watch_change_delete(tenant, kubernetes, eventually):
    namespace = tenant.user.namespace
    tenant.create("add", program=ADD)
    eventually(lambda: tenant.get("add")["status"] == "Running", within=PULLING)
    eventually(lambda: "ready" in tenant.logs("add"), within=60)

    outcome = tenant.finished("add", [1, 2, 3])
    assert (outcome["status"], outcome["result"]) == ("completed", {"sum": 6})
    broken = tenant.finished("add", ["one"])
    assert (broken["status"], broken["exit_code"]) == ("failed", 1)
    assert "TypeError" in broken["output"]

    tenant("PATCH", "/v1/functions/add", json={"replicas": 2})
    eventually(lambda: tenant.get("add")["available_replicas"] == 2, within=PULLING)
    tenant("PATCH", "/v1/functions/add", json={"image": "registry.invalid/nobody/nothing:1"})
    eventually(lambda: tenant.get("add")["status"] == "Failed", within=PULLING)
    assert tenant.get("add")["status_reason"] == "ImagePullBackOff"

    assert tenant("DELETE", "/v1/functions/add").status == 204
    for kind in ("Deployment", "Service"):
        eventually(lambda kind=kind: kubernetes.get(Ref(kind, "fn-add", namespace)) is None, within=120)
    mine = Selection(namespace, {"app.kubernetes.io/component": "function"})
    eventually(lambda: not kubernetes.list("Pod", mine).items, within=120)
    kubernetes.delete(Ref("Namespace", namespace))
