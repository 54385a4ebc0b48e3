"""The folders of pods, and how a container is laid out in them before it starts."""

import logging
import os
import shutil
from pathlib import Path

from local.cluster import quantities
from local.cluster.kubelet.environment import (
    Lookup,
    expanded,
    files_of,
    mounts_of,
    relocated,
    variables,
    write_files,
)
from local.cluster.kubelet.images import NoProgram, Run
from local.cluster.kubelet.machine import STANDARD_PATH
from local.cluster.kubelet.runtime import Launch, Limits
from local.cluster.objects import Object, dig, uid_of

log = logging.getLogger(__name__)

NOBODY = 65534


class Folders:
    """`pods/<uid>/` holds a pod's volumes and its containers' working folders, `logs/<uid>/` their output."""

    def __init__(self, root: Path, lookup: Lookup) -> None:
        self._pods = root / "pods"
        self._logs = root / "logs"
        self._lookup = lookup
        self._told_about_root = False

    def log_path(self, pod: Object, container: str, restart: int) -> Path:
        return self._logs / uid_of(pod) / f"{container}-{restart}.log"

    def remove(self, uid: str) -> None:
        for folder in (self._pods / uid, self._logs / uid):
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)

    def prepare(self, pod: Object, container: Object, run: Run | NoProgram, ip: str) -> Launch:
        """Write the volumes and resolve the environment; raises environment.Missing."""
        home = self._pods / pod["metadata"]["uid"]
        self._volumes(pod, home / "volumes", ip)
        work = home / "containers" / container["name"]
        work.mkdir(parents=True, exist_ok=True)
        mounts = mounts_of(container, home / "volumes")
        named = variables(pod, container, ip, self._lookup)
        argv, program, path = (run.argv, run.program, run.path) if isinstance(run, Run) else ((), "", "")
        user = self._user(home, program)
        directory = relocated(container.get("workingDir") or "", mounts)
        return Launch(
            image=container["image"],
            argv=tuple(relocated(expanded(each, named), mounts) for each in argv),
            program=program,
            env=_environment(pod, named, mounts, str(work), path),
            cwd=directory if directory and os.path.isdir(directory) else str(work),
            limits=_limits(pod, container),
            name=f"{pod['metadata']['name']}-{container['name']}-{pod['metadata']['uid'][:8]}",
            mounts=mounts,
            user=user,
        )

    def _volumes(self, pod: Object, folder: Path, ip: str) -> None:
        for volume in pod["spec"].get("volumes") or ():
            write_files(folder / volume["name"], files_of(volume, pod, ip, self._lookup))

    def _user(self, home: Path, program: str) -> int | None:
        """Run as nobody when the emulator runs as root, unless nobody could not read what it needs."""
        if os.geteuid() != 0 or not program:
            return None
        if not (_open_to_all(Path(program)) and _open_to_all(home)):
            if not self._told_about_root:
                log.warning("containers run as root: user %d cannot reach %s or %s", NOBODY, program, home)
                self._told_about_root = True
            return None
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return NOBODY


def _open_to_all(path: Path) -> bool:
    """Whether every folder on the way can be passed, and the end of it be read, by anybody."""
    end = path.resolve()
    return all(parent.stat().st_mode & 0o001 for parent in end.parents) and bool(end.stat().st_mode & 0o004)


def _environment(
    pod: Object, named: dict[str, str], mounts: dict[str, str], work: str, path: str
) -> dict[str, str]:
    """Nothing of the emulator's own environment: only what a container of the image would have."""
    base = {"HOME": work, "TMPDIR": work, "LANG": "C.UTF-8", "HOSTNAME": pod["metadata"]["name"]}
    own = {name: relocated(value, mounts) for name, value in named.items()}
    search = own.get("PATH", STANDARD_PATH)
    return {**base, **own, "PATH": f"{path}:{search}" if path else search}


def _limits(pod: Object, container: Object) -> Limits:
    limits = dig(container, "resources", "limits", default={})
    return Limits(
        memory=int(quantities.parse(limits.get("memory", 0))),
        cpu=float(quantities.parse(limits.get("cpu", 0))),
        deadline=float(pod["spec"].get("activeDeadlineSeconds") or 0),
    )
