"""The server's own affairs: bodies by their kinds' types, history, logs, kubectl, engines."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from local.cluster import typegen, types
from local.cluster.admission import security
from local.cluster.errors import ApiError
from local.cluster.kubelet import engines
from local.cluster.kubelet.logs import ContainerLog
from local.cluster.kubelet.runtime import Launch, Limits
from local.cluster.resources import CONFIG_MAPS, DEPLOYMENTS, PODS
from local.cluster.store import Store


def container(**given):
    return {"spec": {"containers": [{"name": "a", "image": "b", **given}]}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            container(env=[{"name": "A", "value": 1}]),
            "number into Go struct field EnvVar.spec.containers.env.value of",
        ),
        (
            container(args="one"),
            "string into Go struct field Container.spec.containers.args of type []string",
        ),
        (
            {"spec": {"hostNetwork": "yes"}},
            "string into Go struct field PodSpec.spec.hostNetwork of type bool",
        ),
        (
            {"metadata": {"labels": ["a"]}},
            "array into Go struct field ObjectMeta.metadata.labels of type map[string]",
        ),
        (
            {"spec": {"activeDeadlineSeconds": True}},
            "bool into Go struct field PodSpec.spec.activeDeadlineSeconds",
        ),
    ],
)
def test_a_value_of_another_type_cannot_be_read(body, words):
    with pytest.raises(ApiError) as refusal:
        types.read(PODS, body, strict=False)
    assert refusal.value.code == 400
    assert words in refusal.value.message


def test_an_unknown_field_is_dropped_or_refused_or_fails_an_apply():
    body = {"metadata": {"name": "web"}, "spec": {"replica": 1, "replicas": 1}}
    assert types.read(DEPLOYMENTS, body, strict=False)["spec"] == {"replicas": 1}
    with pytest.raises(ApiError, match=r'strict decoding error: unknown field "spec\.replica"'):
        types.read(DEPLOYMENTS, body, strict=True)
    with pytest.raises(ApiError, match=r"\.spec\.replica: field not declared in schema") as refusal:
        types.read_applied(DEPLOYMENTS, body)
    assert refusal.value.code == 500


def test_quantities_may_be_numbers():
    read = types.read(PODS, container(resources={"limits": {"cpu": 0.5, "memory": "1024Mi"}}), strict=True)
    assert read["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "500m", "memory": "1Gi"}


def test_the_extract_of_the_clients_models_is_fresh():
    assert typegen.PATH.read_text() == typegen.text(typegen.extract()), (
        "run `python -m local.cluster.typegen`"
    )


def item(name, **data):
    return {"metadata": {"namespace": "n", "name": name, "uid": name}, "data": data}


def test_the_store_forgets_old_changes_and_says_so():
    store = Store(first_version=100, history=2)
    for number in range(4):
        store.put(CONFIG_MAPS, item("a", n=number))
    assert [change.object["data"]["n"] for change in store.since(CONFIG_MAPS, 102)] == [2, 3]
    with pytest.raises(ApiError, match="too old resource version: 101") as refusal:
        store.since(CONFIG_MAPS, 101)
    assert (refusal.value.code, refusal.value.reason) == (410, "Expired")


def test_the_store_can_show_how_it_was():
    store = Store(first_version=100)
    store.put(CONFIG_MAPS, item("kept", v=1))
    store.put(CONFIG_MAPS, item("gone", v=1))
    then = store.version
    store.put(CONFIG_MAPS, item("kept", v=2))
    store.put(CONFIG_MAPS, item("new", v=1))
    store.remove(CONFIG_MAPS, ("n", "gone"))
    before = store.at(CONFIG_MAPS, "n", then)
    assert {key[1]: value["data"]["v"] for key, value in before.items()} == {"kept": 1, "gone": 1}


def test_a_log_keeps_lines_whole_and_its_size_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("local.cluster.kubelet.logs.CAP", 1000)
    log = ContainerLog(tmp_path / "pod" / "main-0.log")
    for number in range(100):
        log.write("stdout", f"line {number}\nhal".encode())
        log.write("stdout", b"f\r")
    log.close()
    lines = list(log.lines())
    assert sum(path.stat().st_size for path in (tmp_path / "pod").iterdir()) < 2500
    assert lines[-1].endswith(b" stdout P half\r")
    assert lines[-2].endswith(b" stdout F half\rline 99")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hostNetwork": True}, "host namespaces (hostNetwork=true)"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "v")'),
        (container(securityContext={"privileged": True})["spec"], "privileged"),
        (container(ports=[{"hostPort": 80}])["spec"], "hostPort"),
        (
            container(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}})["spec"],
            "non-default capabilities",
        ),
    ],
)
def test_the_baseline_of_pod_security(change, why):
    spec = container()["spec"] | change
    assert any(found.startswith(why) for found in security.violations("baseline", spec))
    assert security.violations("privileged", spec) == []


def test_a_pod_that_says_nothing_meets_the_baseline_but_not_more():
    assert security.violations("baseline", container()["spec"]) == []
    assert len(security.violations("restricted", container()["spec"])) == 4


LAUNCH = Launch(
    name="main-pod",
    hostname="pod",
    image="python:3.12",
    command=("python", "-c"),
    args=("print(1)",),
    env={"TOKEN": "secret"},
    working_dir="/app",
    mounts={"/data": "/real/data"},
    limits=Limits(memory=1 << 20, cpu=0.5, processes=9),
    user=65532,
)


def test_the_command_line_of_an_engine():
    assert engines.run_command("docker", LAUNCH, "/state") == [
        "docker",
        "run",
        *("--name", "main-pod", "--hostname", "pod", "--label", "dev.eventflow.emulator=/state"),
        *("--pull=never", "--init", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--pids-limit=9"),
        *("--memory=1048576b", "--memory-swap=1048576b", "--cpus=0.5", "--user=65532", "--workdir=/app"),
        *("--volume=/real/data:/data", "--env=TOKEN", "--entrypoint=python"),
        *("python:3.12", "-c", "print(1)"),
    ]


def test_secrets_are_not_on_the_command_line_of_an_engine():
    assert not any("secret" in word for word in engines.run_command("podman", LAUNCH, "/state"))


def test_how_an_engine_tells_an_end():
    assert engines.exit_of(0, out_of_memory=False, seconds=1).code == 0
    assert engines.exit_of(137, out_of_memory=True, seconds=1).reason == "OOMKilled"
    assert engines.exit_of(143, out_of_memory=False, seconds=1).signal == 15
    assert engines.exit_of(125, out_of_memory=False, seconds=1).reason == "StartError"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_applies_and_reads_through_its_own_context(emulator: Path, cluster, tmp_path):
    def kubectl(*arguments, text=None):
        command = ["kubectl", "--kubeconfig", str(emulator), "--context", "kubectl", "-n", cluster.namespace]
        # Its discovery cache would outlive this emulator's port.
        command += ["--cache-dir", str(tmp_path)]
        return subprocess.run(
            [*command, *arguments], input=text, capture_output=True, text=True, timeout=50, check=True
        ).stdout

    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "told"}, "data": {"a": "1"}}
    assert kubectl("apply", "-f", "-", text=json.dumps(manifest)) == "configmap/told created\n"
    assert (
        kubectl("apply", "--server-side", "-f", "-", text=json.dumps(manifest))
        == "configmap/told serverside-applied\n"
    )
    assert kubectl("get", "configmap", "told", "-o", "jsonpath={.data.a}") == "1"
    assert kubectl("delete", "configmap", "told") == 'configmap "told" deleted\n'
