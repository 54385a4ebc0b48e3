"""What a local process gets instead of a container: environment, paths, user and the kernel's limits."""

import logging
import math
import os
from pathlib import Path
from typing import Any

from local.cluster.kubelet.environment import relocated
from local.cluster.kubelet.machine import STANDARD_PATH, open_to_all
from local.cluster.kubelet.runtime import Launch, Limits

log = logging.getLogger(__name__)

NOBODY = 65534
_LARGEST_FILE = 1 << 30
_MOST_FILES = 1024


def request(launch: Launch) -> dict[str, Any]:
    """What the zygote is told."""
    directory = relocated(launch.working_dir, launch.mounts)
    return {
        "program": launch.program,
        "argv": [relocated(each, launch.mounts) for each in launch.argv],
        "env": environment(launch),
        "cwd": directory if directory and os.path.isdir(directory) else str(launch.scratch),
        "limits": kernel_limits(launch.limits),
        "memory": launch.limits.memory,
        "processes": launch.limits.processes,
        "user": _user(launch),
    }


def environment(launch: Launch) -> dict[str, str]:
    """Nothing of the emulator's own environment: only what a container of the image would have."""
    home = str(launch.scratch)
    base = {"HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "HOSTNAME": launch.hostname}
    own = {name: relocated(value, launch.mounts) for name, value in launch.env.items()}
    search = own.get("PATH", STANDARD_PATH)
    return {**base, **own, "PATH": f"{launch.path}:{search}" if launch.path else search}


def kernel_limits(limits: Limits) -> dict[str, int]:
    """The limits that the kernel holds for each process; the zygote's shim holds memory and their number."""
    kernel = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": _LARGEST_FILE, "RLIMIT_NOFILE": _MOST_FILES}
    if limits.memory:
        # The shim kills what holds more than its limit, but looks only every few milliseconds. This stops a
        # runaway in between. It is loose, because interpreters reserve much more than they use.
        kernel["RLIMIT_DATA"] = 2 * limits.memory + (256 << 20)
    if limits.deadline and limits.cpu:
        kernel["RLIMIT_CPU"] = math.ceil(limits.deadline * max(limits.cpu, 1)) + 1
    return kernel


def _user(launch: Launch) -> int | None:
    """A user without rights when the emulator runs as root, if that one can reach what it needs."""
    if os.geteuid() != 0:
        return None
    user = launch.user or NOBODY
    pod = launch.scratch.parents[1]
    unreachable = [path for path in (Path(launch.program), pod) if not open_to_all(path)]
    if unreachable:
        log.warning("%s runs as root: user %d cannot reach %s", launch.name, user, unreachable[0])
        return None
    for path in (pod, *pod.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
    return user
