"""What the server fills in when a field is missing, kind by kind. Pure."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from local.cluster.objects import Object, dig
from local.cluster.resources import (
    DEPLOYMENTS,
    INGRESSES,
    JOBS,
    LIMIT_RANGES,
    NAMESPACES,
    PODS,
    POLICIES,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
    Kind,
)


def filled(kind: Kind, item: Object) -> Object:
    """The object with its defaults."""
    fill = _FILL.get(kind)
    return fill(item) if fill else item


def _under(defaults: Mapping[str, Any], given: Object | None) -> Object:
    """The given values, and the defaults where nothing (or null) is given."""
    present = {name: value for name, value in (given or {}).items() if value is not None}
    return {**defaults, **present} if any(name not in present for name in defaults) else present


def _spec(item: Object, defaults: Mapping[str, Any]) -> Object:
    return {**item, "spec": _under(defaults, item.get("spec"))}


def pod_spec(spec: Object) -> Object:
    filled = _under(
        {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "securityContext": {},
        },
        spec,
    )
    for name in ("containers", "initContainers"):
        if isinstance(filled.get(name), list):
            filled[name] = [_container(each) if isinstance(each, dict) else each for each in filled[name]]
    if isinstance(filled.get("volumes"), list):
        filled["volumes"] = [_volume(each) if isinstance(each, dict) else each for each in filled["volumes"]]
    return filled


def _container(container: Object) -> Object:
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    filled = _under(
        {
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent",
            "resources": {},
        },
        container,
    )
    if ports := filled.get("ports"):
        filled["ports"] = [_under({"protocol": "TCP"}, port) for port in ports]
    if env := filled.get("env"):
        filled["env"] = [_variable(each) if isinstance(each, dict) else each for each in env]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in filled:
            filled[probe] = _under(
                {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
                filled[probe],
            )
    return filled


def _variable(variable: Object) -> Object:
    if variable.get("value") == "":
        variable = {name: value for name, value in variable.items() if name != "value"}
    field = dig(variable, "valueFrom", "fieldRef")
    if field is None or "apiVersion" in field:
        return variable
    return {**variable, "valueFrom": {**variable["valueFrom"], "fieldRef": {"apiVersion": "v1", **field}}}


def _volume(volume: Object) -> Object:
    for source in ("configMap", "secret", "downwardAPI", "projected"):
        if isinstance(volume.get(source), dict):
            return {**volume, source: _under({"defaultMode": 0o644}, volume[source])}
    return volume


def _requests_from_limits(spec: Object) -> Object:
    """A container with a limit and no request of a resource asks for its limit."""
    for name in ("containers", "initContainers"):
        if isinstance(spec.get(name), list):
            spec = {**spec, name: [_with_requests(each) for each in spec[name]]}
    return spec


def _with_requests(container: Object) -> Object:
    limits = dig(container, "resources", "limits", default={})
    requests = dig(container, "resources", "requests", default={})
    if not limits or limits.keys() <= requests.keys():
        return container
    return {**container, "resources": {**container["resources"], "requests": {**limits, **requests}}}


def _pod(item: Object) -> Object:
    spec = pod_spec(item.get("spec") or {})
    spec = _under({"enableServiceLinks": True}, _requests_from_limits(spec))
    account = spec.get("serviceAccountName") or "default"
    whole = {**spec, "serviceAccountName": account, "serviceAccount": account}
    return {**item, "spec": whole, "status": item.get("status") or {"phase": "Pending"}}


def _with_template(item: Object) -> Object:
    template = dig(item, "spec", "template")
    if not isinstance(template, dict):
        return item
    whole = {**template, "spec": pod_spec(template.get("spec") or {})}
    return {**item, "spec": {**item["spec"], "template": whole}}


def _deployment(item: Object) -> Object:
    item = _spec(item, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = _under({"type": "RollingUpdate"}, item["spec"].get("strategy"))
    if strategy["type"] == "RollingUpdate":
        rolling = _under({"maxSurge": "25%", "maxUnavailable": "25%"}, strategy.get("rollingUpdate"))
        strategy = {**strategy, "rollingUpdate": rolling}
    return _with_template({**item, "spec": {**item["spec"], "strategy": strategy}})


def _replica_set(item: Object) -> Object:
    return _with_template(_spec(item, {"replicas": 1}))


def _job(item: Object) -> Object:
    item = _spec(
        item,
        {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 6,
            "completionMode": "NonIndexed",
            "suspend": False,
            "manualSelector": False,
            "podReplacementPolicy": "TerminatingOrFailed",
        },
    )
    uid = dig(item, "metadata", "uid")
    if not item["spec"]["manualSelector"] and uid and isinstance(item["spec"].get("template"), dict):
        item = _with_job_labels(item, uid)
    return _with_template(item)


def _with_job_labels(item: Object, uid: str) -> Object:
    name, template = item["metadata"]["name"], item["spec"]["template"]
    meta = template.get("metadata") or {}
    labels = {
        **(meta.get("labels") or {}),
        "controller-uid": uid,
        "job-name": name,
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
    }
    spec = {
        **item["spec"],
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "template": {**template, "metadata": {**meta, "labels": labels}},
    }
    return {**item, "spec": spec}


def _limit_range(item: Object) -> Object:
    limits = [
        _limit(each) if each.get("type") == "Container" else each for each in item["spec"].get("limits") or ()
    ]
    return {**item, "spec": {**item["spec"], "limits": limits}}


def _limit(limit: Object) -> Object:
    most = {**(limit.get("max") or {}), **(limit.get("default") or {})}
    asked = {**(limit.get("min") or {}), **most, **(limit.get("defaultRequest") or {})}
    given = {"default": most, "defaultRequest": asked}
    return {**limit, **{name: value for name, value in given.items() if value}}


def _service(item: Object) -> Object:
    item = _spec(item, {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"})
    ports = [
        _under({"protocol": "TCP", "targetPort": port.get("port")}, port)
        for port in item["spec"].get("ports") or ()
    ]
    return {**item, "spec": {**item["spec"], "ports": ports}} if ports else item


def _secret(item: Object) -> Object:
    filled = _under({"type": "Opaque"}, item)
    if plain := filled.pop("stringData", None):
        encoded = {name: base64.b64encode(str(value).encode()).decode() for name, value in plain.items()}
        filled["data"] = {**(filled.get("data") or {}), **encoded}
    return filled


def _namespace(item: Object) -> Object:
    meta = item["metadata"]
    labels = {**(meta.get("labels") or {}), "kubernetes.io/metadata.name": meta.get("name", "")}
    item = {**item, "metadata": {**meta, "labels": labels}}
    return {
        **_spec(item, {"finalizers": ["kubernetes"]}),
        "status": item.get("status") or {"phase": "Active"},
    }


def _policy(item: Object) -> Object:
    spec = item.get("spec") or {}
    return _spec(item, {"policyTypes": ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]})


def _ingress(item: Object) -> Object:
    return {**item, "status": item.get("status") or {"loadBalancer": {}}}


_FILL: dict[Kind, Callable[[Object], Object]] = {
    PODS: _pod,
    DEPLOYMENTS: _deployment,
    REPLICA_SETS: _replica_set,
    JOBS: _job,
    LIMIT_RANGES: _limit_range,
    SERVICES: _service,
    SECRETS: _secret,
    NAMESPACES: _namespace,
    POLICIES: _policy,
    INGRESSES: _ingress,
}
