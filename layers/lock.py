"""Resolve every lock again (`make lock`): hashed requirements files, free of addresses and paths.

pyproject.toml says what is wanted; these files say what is installed. The layers are constrained by the
developers' lock, so that what is tested is what is deployed.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEVELOPMENT = "requirements/dev.txt"
DEPENDENCIES = "layers/dependencies/requirements.txt"

# Python 3.11 on Lambda stands on Amazon Linux 2, whose glibc is older than manylinux_2_28 asks for.
LAMBDA = ("--python-platform", "aarch64-manylinux2014")
ANYWHERE = ("--universal",)
EVERY_LOCK = (
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--python-version=3.11",
    "--upgrade",
    "--quiet",
)


@dataclass(frozen=True)
class Lock:
    path: str
    source: str
    options: tuple[str, ...]


# In the order in which they constrain each other.
AS_TESTED = (f"--constraint={DEVELOPMENT}", *LAMBDA)
LOCKS = (
    Lock(DEVELOPMENT, "pyproject.toml", ("--extra=dev", *ANYWHERE)),
    Lock("requirements/sam.txt", "requirements/sam.in", ANYWHERE),
    Lock("requirements/uv.txt", "requirements/uv.in", ANYWHERE),
    Lock(DEPENDENCIES, "pyproject.toml", AS_TESTED),
)


def kubernetes(shipped: frozenset[str]) -> Lock:
    """What the Kubernetes client needs beyond the packages that the dependencies layer ships."""
    beyond = tuple(f"--no-emit-package={name}" for name in sorted(shipped))
    extra = ("--extra=kubernetes", "--override=layers/kubernetes/overrides.txt")
    return Lock("layers/kubernetes/requirements.txt", "pyproject.toml", (*extra, *beyond, *AS_TESTED))


def names(lock: str) -> frozenset[str]:
    """The packages that a lock file pins."""
    return frozenset(line.partition("==")[0] for line in lock.splitlines() if line[:1].isalnum())


def resolve(lock: Lock) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [
        str(uv),
        "pip",
        "compile",
        *EVERY_LOCK,
        *lock.options,
        f"--output-file={lock.path}",
        lock.source,
    ]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - all of it is written above


def main() -> None:
    for lock in LOCKS:
        resolve(lock)
    resolve(kubernetes(shipped=names((ROOT / DEPENDENCIES).read_text())))


if __name__ == "__main__":
    main()
