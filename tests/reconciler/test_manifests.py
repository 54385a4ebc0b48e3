"""What stands on the cluster for a function and for a run, whole."""

from dataclasses import replace

import pytest

from shared.cluster.labels import FunctionKey, RunKey, key_of, label_value
from shared.reconciler import manifests
from shared.reconciler.tenancy import tenant

POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "runAsGroup": 65532,
    "fsGroup": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"cpu": "500m", "memory": "512Mi"},
}
POD = {
    "serviceAccountName": "eventflow-function",
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
    "terminationGracePeriodSeconds": 10,
    "securityContext": POD_SECURITY,
    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}],
}
OURS = {"app.kubernetes.io/managed-by": "eventflow", "app.kubernetes.io/instance": "eventflow"}
FUNCTION_LABELS = {
    **OURS,
    "app": "eventflow-function",
    "function": "hello",
    "eventflow.io/owner": "alice",
    "app.kubernetes.io/component": "function",
}
RUN_LABELS = FUNCTION_LABELS | {"eventflow.io/run": "0197-r1", "app.kubernetes.io/component": "run"}
SELECTOR = {"function": "hello", "app.kubernetes.io/component": "function"}


def test_a_function_is_a_deployment_that_holds_nothing_back_from_the_tenants_fence(a_function, platform):
    deployment, _ = manifests.function(a_function(), platform)
    hashes = deployment["metadata"]["annotations"], deployment["spec"]["template"]["metadata"]["annotations"]
    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "fn-hello",
            "namespace": "tenant-alice",
            "labels": FUNCTION_LABELS,
            "annotations": {
                "eventflow.io/owner": "alice",
                "eventflow.io/spec-hash": hashes[0]["eventflow.io/spec-hash"],
            },
        },
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 2,
            "progressDeadlineSeconds": 300,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "selector": {"matchLabels": SELECTOR},
            "template": {
                "metadata": {
                    "labels": FUNCTION_LABELS,
                    "annotations": {
                        "eventflow.io/owner": "alice",
                        "eventflow.io/template-hash": hashes[1]["eventflow.io/template-hash"],
                    },
                },
                "spec": POD
                | {
                    "containers": [
                        {
                            "name": "function",
                            "image": "python:3.11",
                            "imagePullPolicy": "IfNotPresent",
                            "command": ["python", "app.py"],
                            "env": [
                                {"name": "EVENTFLOW_FUNCTION", "value": "hello"},
                                {"name": "GREETING", "value": "hi"},
                                {"name": "HOME", "value": "/tmp"},
                            ],
                            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                            "resources": RESOURCES,
                            "securityContext": CONTAINER_SECURITY,
                            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                        }
                    ]
                },
            },
        },
    }


def test_a_function_is_reached_through_a_service(a_function, platform):
    _, service = manifests.function(a_function(), platform)
    assert service["metadata"]["annotations"].pop("eventflow.io/spec-hash")
    assert service == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "fn-hello",
            "namespace": "tenant-alice",
            "labels": FUNCTION_LABELS,
            "annotations": {"eventflow.io/owner": "alice"},
        },
        "spec": {
            "type": "ClusterIP",
            "selector": SELECTOR,
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def test_a_run_is_a_job_that_is_tried_once_and_bounded_in_time(a_run, platform):
    assert manifests.job(a_run(), '{"n":1}', platform) == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "hello-invoke-1",
            "namespace": "tenant-alice",
            "labels": RUN_LABELS,
            "annotations": {"eventflow.io/owner": "alice"},
        },
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": 330,
            "ttlSecondsAfterFinished": 600,
            "template": {
                "metadata": {"labels": RUN_LABELS, "annotations": {"eventflow.io/owner": "alice"}},
                "spec": POD
                | {
                    "restartPolicy": "Never",
                    "containers": [
                        {
                            "name": "invoke",
                            "image": "python:3.11",
                            "imagePullPolicy": "IfNotPresent",
                            "command": ["python", "app.py"],
                            "env": [
                                {"name": "EVENTFLOW_FUNCTION", "value": "hello"},
                                {"name": "EVENTFLOW_INPUT", "value": '{"n":1}'},
                                {"name": "EVENTFLOW_JOB_NAME", "value": "hello-invoke-1"},
                                {"name": "GREETING", "value": "hi"},
                                {"name": "HOME", "value": "/tmp"},
                                {
                                    "name": "TRACEPARENT",
                                    "value": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                },
                            ],
                            "resources": RESOURCES,
                            "securityContext": CONTAINER_SECURITY,
                            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                        }
                    ],
                },
            },
        },
    }


def test_a_large_input_is_a_file_that_its_job_owns(a_run, platform):
    run = a_run(input_bytes=40_000)
    file = manifests.input_map(run, '{"n":1}', platform, owner={"metadata": {"uid": "uid-7"}})
    assert file == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "hello-invoke-1-input",
            "namespace": "tenant-alice",
            "labels": RUN_LABELS,
            "annotations": {"eventflow.io/owner": "alice"},
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": "hello-invoke-1", "uid": "uid-7"}
            ],
        },
        "data": {"input.json": '{"n":1}'},
    }


def test_a_run_with_a_large_input_is_told_the_files_path(a_run, platform):
    pod = manifests.job(a_run(input_bytes=40_000), '{"n":1}', platform)["spec"]["template"]["spec"]
    env = env_of(pod)
    assert env["EVENTFLOW_INPUT_FILE"] == "/var/run/eventflow/input.json"
    assert "EVENTFLOW_INPUT" not in env
    assert pod["volumes"][1] == {"name": "input", "configMap": {"name": "hello-invoke-1-input"}}
    assert pod["containers"][0]["volumeMounts"][1] == {
        "name": "input",
        "mountPath": "/var/run/eventflow",
        "readOnly": True,
    }


@pytest.mark.parametrize(
    ("env", "name", "value"),
    [
        pytest.param({"EVENTFLOW_INPUT": "forged"}, "EVENTFLOW_INPUT", "null", id="ours always win"),
        pytest.param({"HOME": "/srv"}, "HOME", "/srv", id="defaults give way"),
        pytest.param({"A": "$(HOME) $$ $HOME"}, "A", "$$(HOME) $$$ $HOME", id="nothing is expanded"),
    ],
)
def test_environment(a_run, platform, env, name, value):
    pod = manifests.job(a_run(env=env), None, platform)["spec"]["template"]["spec"]
    assert env_of(pod)[name] == value


def test_an_empty_value_is_left_out_as_the_api_server_would(a_run, platform):
    pod = manifests.job(a_run(env={"EMPTY": ""}), None, platform)["spec"]["template"]["spec"]
    assert {"name": "EMPTY"} in pod["containers"][0]["env"]


def test_a_run_without_a_trace_or_command_says_nothing_of_them(a_run, platform):
    pod = manifests.job(a_run(traceparent="", command=()), None, platform)["spec"]["template"]["spec"]
    assert "TRACEPARENT" not in env_of(pod)
    assert "command" not in pod["containers"][0]


def test_a_runtime_class_is_asked_for_where_there_is_one(a_function, a_run, platform):
    sandboxed = replace(platform, runtime_class_name="gvisor")
    deployment, _ = manifests.function(a_function(), sandboxed)
    for workload in (deployment, manifests.job(a_run(), None, sandboxed)):
        assert workload["spec"]["template"]["spec"]["runtimeClassName"] == "gvisor"


def test_scaling_does_not_replace_pods_and_a_new_image_does(a_function, platform):
    one, three, other = (
        manifests.function(a_function(**changes), platform)[0]
        for changes in ({}, {"replicas": 3}, {"image": "python:3.12"})
    )
    assert one["spec"]["template"] == three["spec"]["template"]
    assert manifests.template_hash(one) != manifests.template_hash(other)


def test_every_object_leads_back_to_its_record(a_function, a_run, platform):
    owner = "acct:17/äöü@example.org"
    for manifest in manifests.function(a_function(owner=owner), platform):
        assert key_of(manifest) == FunctionKey(owner, "hello")
    assert key_of(manifests.job(a_run(owner=owner), None, platform)) == RunKey("0197-r1")
    assert all(key_of(manifest) is None for manifest in tenant("tenant-alice", platform))


@pytest.mark.parametrize("owner", ["acct:17", "x" * 64, "-a", ""])
def test_an_owner_that_no_label_can_hold_is_selected_by_its_digest(owner):
    assert label_value(owner).startswith("sha256-")
    assert len(label_value(owner)) <= 63


def env_of(pod):
    return {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}
