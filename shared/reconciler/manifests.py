"""What we want on the cluster for a function and for a run, as plain data. Pure.

Environment of every container: the caller's, over the defaults here (`HOME`: only `/tmp` can be written),
under what is ours and always wins:

    EVENTFLOW_FUNCTION      the function's name
    EVENTFLOW_JOB_NAME      runs: the Job's name, as the invocation's answer gave it
    EVENTFLOW_INPUT         runs: the input as compact JSON, `null` without one, if it has at most 32 KiB
    EVENTFLOW_INPUT_FILE    runs: the file that holds a larger input
    TRACEPARENT             runs: W3C trace context of the request
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.cluster import labels
from shared.cluster.kinds import KINDS
from shared.cluster.labels import Platform
from shared.cluster.port import Manifest, Ref
from shared.functions.models import Function
from shared.reconciler.tenancy import LIMITS, PORT, REQUESTS, SERVICE_ACCOUNT
from shared.runs.models import INLINE_INPUT_LIMIT, Run

FUNCTION_CONTAINER = labels.FUNCTION_CONTAINER
RUN_CONTAINER = "invoke"

START_SECONDS = 300
"""How long pulling the image and starting may take."""

KEPT_SECONDS = 600
"""How long a finished Job stays to be looked at. Its output is stored long before."""

INPUT_DIRECTORY = "/var/run/eventflow"
INPUT_FILE = f"{INPUT_DIRECTORY}/input.json"

_DEFAULT_ENV = {"HOME": "/tmp"}  # noqa: S108  # in the container, where it is an emptyDir of its own
_USER = 65532
"""Images that say nothing run as root, which the namespace refuses. This is distroless' `nonroot`."""

_EXPANDED = re.compile(r"\$(?=[$(])")


def function_ref(kind: str, name: str, namespace: str) -> Ref:
    return Ref(kind, f"fn-{name}", namespace)


def job_ref(run: Run) -> Ref:
    return Ref("Job", run.job_name, run.namespace)


def input_ref(run: Run) -> Ref:
    return Ref("ConfigMap", f"{run.job_name}-input", run.namespace)


def function(wanted: Function, platform: Platform) -> tuple[Manifest, Manifest]:
    """Deployment and Service."""
    return _deployment(wanted, platform), _service(wanted, platform)


def has_input_file(run: Run) -> bool:
    return run.input_bytes > INLINE_INPUT_LIMIT


def input_map(run: Run, text: str, platform: Platform, *, owner: Manifest | None = None) -> Manifest:
    """The file of a large input: there before the Job, and owned by it once that is there too."""
    metadata = _metadata(input_ref(run), run.owner, _run_labels(run, platform))
    if owner is not None:
        metadata["ownerReferences"] = [
            {
                "apiVersion": KINDS["Job"].api_version,
                "kind": "Job",
                "name": run.job_name,
                "uid": owner["metadata"]["uid"],
            }
        ]
    return _object("ConfigMap", metadata, {"data": {"input.json": text}})


def job(run: Run, text: str | None, platform: Platform) -> Manifest:
    env = {"EVENTFLOW_FUNCTION": run.source_name, "EVENTFLOW_JOB_NAME": run.job_name}
    volumes = {}
    if run.traceparent:
        env["TRACEPARENT"] = run.traceparent
    if has_input_file(run):
        env["EVENTFLOW_INPUT_FILE"] = INPUT_FILE
        volumes[INPUT_DIRECTORY] = {"name": "input", "configMap": {"name": input_ref(run).name}}
    else:
        env["EVENTFLOW_INPUT"] = text if text is not None else "null"
    container = _container(RUN_CONTAINER, run.image, run.command, {**_DEFAULT_ENV, **run.env, **env})
    run_labels = _run_labels(run, platform)
    spec = {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
        # Counts from the Job's start, image pull included. We end a run by its container's own time, and read
        # what it printed first; this is for a reconciler that is not there.
        "activeDeadlineSeconds": run.timeout_seconds + START_SECONDS,
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        "template": {
            "metadata": {"labels": run_labels, "annotations": {labels.OWNER: run.owner}},
            "spec": _pod(container, platform, volumes) | {"restartPolicy": "Never"},
        },
    }
    return _object("Job", _metadata(job_ref(run), run.owner, run_labels), {"spec": spec})


def template_hash(deployment: Manifest) -> str:
    """By which a pod of this generation is told from one of the generation before."""
    text: str = deployment["spec"]["template"]["metadata"]["annotations"][labels.TEMPLATE_HASH]
    return text


def _deployment(wanted: Function, platform: Platform) -> Manifest:
    pod_labels = _function_labels(wanted, platform)
    env = {**_DEFAULT_ENV, **wanted.env, "EVENTFLOW_FUNCTION": wanted.name}
    container = _container(FUNCTION_CONTAINER, wanted.image, wanted.command, env)
    container["ports"] = [{"name": "http", "containerPort": PORT, "protocol": "TCP"}]
    pod = _pod(container, platform, {})
    spec = {
        "replicas": wanted.replicas,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": START_SECONDS,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": _selector(wanted)},
        "template": {
            "metadata": {
                "labels": pod_labels,
                "annotations": {
                    labels.OWNER: wanted.owner,
                    labels.TEMPLATE_HASH: labels.digest([pod_labels, pod]),
                },
            },
            "spec": pod,
        },
    }
    ref = function_ref("Deployment", wanted.name, wanted.namespace)
    return labels.stamped(_object("Deployment", _metadata(ref, wanted.owner, pod_labels), {"spec": spec}))


def _service(wanted: Function, platform: Platform) -> Manifest:
    spec = {
        "type": "ClusterIP",
        "selector": _selector(wanted),
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    }
    ref = function_ref("Service", wanted.name, wanted.namespace)
    metadata = _metadata(ref, wanted.owner, _function_labels(wanted, platform))
    return labels.stamped(_object("Service", metadata, {"spec": spec}))


def _selector(wanted: Function) -> dict[str, str]:
    """The function's own pods, not those of its runs, which bear its name too."""
    return {labels.FUNCTION: wanted.name, labels.COMPONENT: labels.FUNCTION_COMPONENT}


def _function_labels(wanted: Function, platform: Platform) -> dict[str, str]:
    mine = labels.of_function(wanted.owner, wanted.name)
    return labels.ours(platform) | mine | {labels.COMPONENT: labels.FUNCTION_COMPONENT}


def _run_labels(run: Run, platform: Platform) -> dict[str, str]:
    mine = labels.of_function(run.owner, run.source_name) | labels.of_run(run.id)
    return labels.ours(platform) | mine | {labels.COMPONENT: "run"}


def _metadata(ref: Ref, owner: str, its_labels: dict[str, str]) -> dict[str, Any]:
    return {
        "name": ref.name,
        "namespace": ref.namespace,
        "labels": its_labels,
        "annotations": {labels.OWNER: owner},
    }


def _object(kind: str, metadata: dict[str, Any], content: Manifest) -> Manifest:
    return {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": metadata, **content}


def _container(name: str, image: str, command: tuple[str, ...], env: Mapping[str, str]) -> Manifest:
    container: Manifest = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [_variable(key, value) for key, value in sorted(env.items())],
        "resources": {"requests": dict(REQUESTS), "limits": dict(LIMITS)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    if command:
        container["command"] = [_literal(part) for part in command]
    return container


def _variable(name: str, value: str) -> dict[str, str]:
    # The API server drops an empty value, so that asking for one would look like a difference for ever.
    return {"name": name, "value": _literal(value)} if value else {"name": name}


def _literal(text: str) -> str:
    """Kubernetes replaces `$(NAME)` and `$$` in values and commands; a caller's text arrives as it is."""
    return _EXPANDED.sub("$$", text)


def _pod(container: Manifest, platform: Platform, volumes: Mapping[str, Manifest]) -> Manifest:
    mounts = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108  # a path in the container
    read_only = [
        {"name": volume["name"], "mountPath": path, "readOnly": True} for path, volume in volumes.items()
    ]
    pod: Manifest = {
        "serviceAccountName": SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 10,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container | {"volumeMounts": mounts + read_only}],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}, *volumes.values()],
    }
    if platform.runtime_class_name:
        pod["runtimeClassName"] = platform.runtime_class_name
    return pod
