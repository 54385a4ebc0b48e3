"""Pod Security Standards, as far as the label `pod-security.kubernetes.io/enforce` of a namespace asks. Pure.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from local.cluster.objects import Object, dig

LABEL = "pod-security.kubernetes.io/enforce"

_SAFE_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SAFE_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SAFE_PROFILES = ("RuntimeDefault", "Localhost")


def violations(level: str, spec: Object) -> list[str]:
    """What forbids this pod at this level; nothing at an unknown level, as at `privileged`."""
    if level not in ("baseline", "restricted"):
        return []
    found = [*_host(spec), *_privileged(spec), *_added(spec, _SAFE_CAPABILITIES, "non-default capabilities")]
    return found + list(_restricted(spec)) if level == "restricted" else found


def message(level: str, found: Sequence[str]) -> str:
    return f'violates PodSecurity "{level}:latest": {", ".join(found)}'


def _containers(spec: Object) -> Iterator[Object]:
    for group in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(group) or ()


def _named(names: Sequence[str], verb: str) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"{'containers' if len(names) > 1 else 'container'} {quoted} {verb}"


def _failing(spec: Object, bad: Callable[[Object], bool]) -> list[str]:
    return [each["name"] for each in _containers(spec) if bad(each)]


def _host(spec: Object) -> Iterator[str]:
    shared = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    if shared:
        yield f"host namespaces ({', '.join(shared)})"
    paths = [volume["name"] for volume in spec.get("volumes") or () if "hostPath" in volume]
    if paths:
        yield f"hostPath volumes ({_plural('volume', paths)})"
    ports = _failing(spec, lambda each: any(port.get("hostPort") for port in each.get("ports") or ()))
    if ports:
        yield f"hostPort ({_named(ports, 'uses a hostPort')})"


def _plural(noun: str, names: Iterable[str]) -> str:
    listed = [f'"{name}"' for name in names]
    return f"{noun}{'s' if len(listed) > 1 else ''} {', '.join(listed)}"


def _privileged(spec: Object) -> Iterator[str]:
    if names := _failing(spec, lambda each: bool(dig(each, "securityContext", "privileged"))):
        yield f"privileged ({_named(names, 'must not set securityContext.privileged=true')})"


def _added(spec: Object, allowed: frozenset[str], title: str) -> Iterator[str]:
    def bad(container: Object) -> bool:
        return not allowed.issuperset(dig(container, "securityContext", "capabilities", "add", default=()))

    if names := _failing(spec, bad):
        why = _named(names, "must not include other capabilities in securityContext.capabilities.add")
        yield f"{title} ({why})"


def _restricted(spec: Object) -> Iterator[str]:
    kinds = [
        volume["name"]
        for volume in spec.get("volumes") or ()
        if not _SAFE_VOLUMES.issuperset(volume.keys() - {"name"}) and "hostPath" not in volume
    ]
    if kinds:
        yield f"restricted volume types ({_plural('volume', kinds)} uses restricted volume type)"
    if names := _failing(
        spec, lambda each: dig(each, "securityContext", "allowPrivilegeEscalation", default=True) is not False
    ):
        why = _named(names, "must set securityContext.allowPrivilegeEscalation=false")
        yield f"allowPrivilegeEscalation != false ({why})"
    if names := _failing(spec, _keeps_capabilities):
        why = _named(names, 'must set securityContext.capabilities.drop=["ALL"]')
        yield f"unrestricted capabilities ({why})"
    yield from _user(spec)
    if names := _unset(spec, ("seccompProfile", "type"), lambda value: value in _SAFE_PROFILES):
        why = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {_named(names, why)})"


def _keeps_capabilities(container: Object) -> bool:
    given = dig(container, "securityContext", "capabilities", default={})
    return "ALL" not in (given.get("drop") or ()) or not {"NET_BIND_SERVICE"}.issuperset(
        given.get("add") or ()
    )


def _user(spec: Object) -> Iterator[str]:
    if names := _unset(spec, ("runAsNonRoot",), lambda value: value is True):
        yield f"runAsNonRoot != true (pod or {_named(names, 'must set securityContext.runAsNonRoot=true')})"
    if dig(spec, "securityContext", "runAsUser", default=None) == 0:
        yield "runAsUser=0 (pod must not set runAsUser=0)"
    if names := _failing(spec, lambda each: dig(each, "securityContext", "runAsUser", default=1) == 0):
        yield f"runAsUser=0 ({_named(names, 'must not set runAsUser=0')})"


def _unset(spec: Object, path: tuple[str, ...], good: Callable[[Any], bool]) -> list[str]:
    """The containers for which neither they nor the pod set a field well."""
    of_pod = dig(spec, "securityContext", *path)
    return _failing(spec, lambda each: not good(dig(each, "securityContext", *path, default=of_pod)))
