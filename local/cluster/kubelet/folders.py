"""The folders of pods, and how a container is laid out in them before it starts."""

import shutil
from pathlib import Path

from local.cluster import quantities
from local.cluster.kubelet.environment import Lookup, expanded, files_of, mounts_of, variables, write_files
from local.cluster.kubelet.images import Run
from local.cluster.kubelet.runtime import Launch, Limits
from local.cluster.objects import Object, dig, uid_of


class Folders:
    """`pods/<uid>/` holds a pod's volumes and its containers' working folders, `logs/<uid>/` their output."""

    def __init__(self, root: Path, lookup: Lookup) -> None:
        self._pods = root / "pods"
        self._logs = root / "logs"
        self._lookup = lookup

    def log_path(self, pod: Object, container: str, restart: int) -> Path:
        return self._logs / uid_of(pod) / f"{container}-{restart}.log"

    def remove(self, uid: str) -> None:
        for folder in (self._pods / uid, self._logs / uid):
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)

    def prepare(self, pod: Object, container: Object, run: Run, ip: str) -> Launch:
        """Write the volumes and resolve the environment; raises environment.Missing."""
        home = self._pods / uid_of(pod)
        for volume in pod["spec"].get("volumes") or ():
            write_files(home / "volumes" / volume["name"], files_of(volume, pod, ip, self._lookup))
        scratch = home / "containers" / container["name"]
        scratch.mkdir(parents=True, exist_ok=True)
        named = variables(pod, container, ip, self._lookup)

        def plain(words: tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
            return tuple(expanded(word, named) for word in words or ())

        return Launch(
            name=f"{container['name']}-{pod['metadata']['name']}-{uid_of(pod)[:8]}",
            hostname=pod["metadata"]["name"],
            image=container["image"],
            command=plain(container.get("command")),
            args=plain(container.get("args")),
            argv=plain(run.argv),
            program=run.program,
            path=run.path,
            env={**run.env, **named},
            working_dir=container.get("workingDir") or "",
            scratch=scratch,
            mounts=mounts_of(container, home / "volumes"),
            limits=_limits(pod, container),
            user=_user(pod, container),
        )


def _user(pod: Object, container: Object) -> int | None:
    of_pod = dig(pod, "spec", "securityContext", "runAsUser")
    user: int | None = dig(container, "securityContext", "runAsUser", default=of_pod)
    return user


def _limits(pod: Object, container: Object) -> Limits:
    limits = dig(container, "resources", "limits", default={})
    return Limits(
        memory=int(quantities.parse(limits.get("memory", 0))),
        cpu=float(quantities.parse(limits.get("cpu", 0))),
        deadline=float(pod["spec"].get("activeDeadlineSeconds") or 0),
    )
