"""Which interpreters this machine has, looked for once each."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.cluster.kubelet.images import FAMILIES, Family, Interpreter

STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# How an interpreter tells its version and where it really is: version managers put scripts of the same name
# on the PATH, which would need the environment that containers do not get.
_PROBES: dict[str, tuple[str, tuple[str, ...]]] = {
    "python": (
        "python3",
        ("-I", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)"),
    ),
    "node": ("node", ("-p", "process.versions.node + '\\n' + process.execPath")),
    "ruby": ("ruby", ("-e", "puts RUBY_VERSION; require 'rbconfig'; puts RbConfig.ruby")),
    "golang": ("go", ("env", "GOVERSION", "GOROOT")),
}


@dataclass(frozen=True)
class Found:
    version: str
    executable: str

    def fits(self, wanted: str) -> bool:
        return not wanted or self.version == wanted or self.version.startswith(wanted + ".")


class System(Mapping[str, str]):
    """The machine's programs by name or path."""

    def __getitem__(self, name: str) -> str:
        if found := shutil.which(name, path=STANDARD_PATH):
            return found
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Machine:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._probed: dict[str, Found | None] = {}
        self._chosen: dict[tuple[str, str], Interpreter | None] = {}
        self.system = System()

    async def warm(self) -> None:
        """Find what most functions need before the first of them waits for it."""
        await self.interpreter(FAMILIES[0], "")

    async def interpreter(self, family: Family, wanted: str) -> Interpreter | None:
        """The machine's interpreter for a family, of the wanted version where there is one."""
        if family.name not in _PROBES:
            return Interpreter("", "") if "sh" in self.system else None
        key = (family.name, wanted)
        if key not in self._chosen:
            found = await self._choose(family, wanted)
            self._chosen[key] = self._linked(family, found) if found else None
        return self._chosen[key]

    async def _choose(self, family: Family, wanted: str) -> Found | None:
        program, arguments = _PROBES[family.name]
        best: tuple[int, Found] | None = None
        for candidate in _candidates(family, program, wanted):
            if candidate not in self._probed:
                self._probed[candidate] = await _probe(candidate, arguments)
            if (found := self._probed[candidate]) is None:
                continue
            # As root we would rather run containers as nobody, who cannot pass /root, where version managers
            # keep their interpreters.
            rank = 2 * found.fits(wanted) + (os.geteuid() != 0 or open_to_all(Path(found.executable)))
            if rank == 3:
                return found
            best = max(best or (-1, found), (rank, found), key=lambda ranked: ranked[0])
        return best[1] if best else None

    def _linked(self, family: Family, found: Found) -> Interpreter:
        """A folder with the interpreter under all names that the image has for it."""
        executable = found.executable + ("/bin/go" if family.name == "golang" else "")
        folder = self._folder / f"{family.name}-{found.version}"
        folder.mkdir(parents=True, exist_ok=True)
        names = {Path(executable).name, *family.programs}
        if family.name == "python":
            names |= {"python3." + found.version.split(".")[1]}
        for name in names:
            if (target := _beside(executable, name)) and not (folder / name).exists():
                (folder / name).symlink_to(target)
        return Interpreter(found.version, str(folder), _needs(family, folder))


def open_to_all(path: Path) -> bool:
    """Whether every folder on the way can be passed, and the end of it be read, by anybody."""
    end = path.resolve()
    return all(parent.stat().st_mode & 0o001 for parent in end.parents) and bool(end.stat().st_mode & 0o004)


def _needs(family: Family, folder: Path) -> dict[str, str]:
    """Go would compile its own library again for each container; and it would fetch another Go."""
    if family.name != "golang":
        return {}
    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    cache.chmod(0o777)  # containers may have a user of their own
    return {"GOCACHE": str(cache), "GOTOOLCHAIN": "local"}


def _beside(executable: str, name: str) -> str | None:
    if name.startswith("python") or name in ("nodejs", Path(executable).name):
        return executable
    neighbour = Path(executable).with_name(name)
    return str(neighbour) if neighbour.exists() else None


def _candidates(family: Family, program: str, wanted: str) -> Iterator[str]:
    """The emulator's own interpreter first, which is certainly there; then what the PATH has."""
    path = os.pathsep.join((os.environ.get("PATH", ""), STANDARD_PATH, str(Path(sys.executable).parent)))
    if family.name == "python":
        # Without its virtual environment, whose packages no image would have.
        yield getattr(sys, "_base_executable", sys.executable)
        if wanted and (exact := shutil.which(f"python{wanted}", path=path)):
            yield exact
        if system := shutil.which("python3", path=STANDARD_PATH):
            yield system
    if found := shutil.which(program, path=path):
        yield found


async def _probe(executable: str, arguments: tuple[str, ...]) -> Found | None:
    try:
        process = await asyncio.create_subprocess_exec(
            executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(10):
            answer, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    lines = answer.decode(errors="replace").split("\n")
    if process.returncode != 0 or len(lines) < 2:
        return None
    return Found(lines[0].strip().removeprefix("go"), lines[1].strip())
