"""Which interpreters this machine has, looked for once each."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.cluster.kubelet.images import Family, Interpreter

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
        self._found: dict[tuple[str, str], Interpreter | None] = {}
        self.system = System()

    async def interpreter(self, family: Family, wanted: str) -> Interpreter | None:
        """The machine's interpreter for a family, of the wanted version where there is one."""
        if family.name not in _PROBES:
            return Interpreter("", "") if "sh" in self.system else None
        key = (family.name, wanted)
        if key not in self._found:
            self._found[key] = await self._look(family, wanted)
        return self._found[key]

    async def _look(self, family: Family, wanted: str) -> Interpreter | None:
        program, arguments = _PROBES[family.name]
        fallback: tuple[str, str] | None = None
        for candidate in _candidates(family, program, wanted):
            found = await _probe(candidate, arguments)
            if found is None:
                continue
            if not wanted or found[0] == wanted or found[0].startswith(wanted + "."):
                return self._linked(family, *found)
            fallback = fallback or found
        return self._linked(family, *fallback) if fallback else None

    def _linked(self, family: Family, version: str, executable: str) -> Interpreter:
        """A folder with the interpreter under all names that the image has for it."""
        if family.name == "golang":
            executable += "/bin/go"
        folder = self._folder / f"{family.name}-{version}"
        folder.mkdir(parents=True, exist_ok=True)
        names = {Path(executable).name, *family.programs}
        if family.name == "python":
            names |= {"python3." + version.split(".")[1]}
        for name in names:
            if (target := _beside(executable, family, name)) and not (folder / name).exists():
                (folder / name).symlink_to(target)
        return Interpreter(version, str(folder))


def _beside(executable: str, family: Family, name: str) -> str | None:
    if name.startswith(("python", "nodejs")) or name == Path(executable).name:
        return executable
    neighbour = Path(executable).with_name(name)
    return str(neighbour) if neighbour.exists() else None


def _candidates(family: Family, program: str, wanted: str) -> Iterator[str]:
    """The emulator's own interpreter first, which is certainly there; then what the PATH has."""
    path = os.pathsep.join((os.environ.get("PATH", ""), STANDARD_PATH, str(Path(sys.executable).parent)))
    if family.name == "python":
        # Without its virtual environment, whose packages no image would have.
        own = getattr(sys, "_base_executable", sys.executable)
        yield from (own, "/usr/bin/python3")
        if wanted and (exact := shutil.which(f"python{wanted}", path=path)):
            yield exact
    if found := shutil.which(program, path=path):
        yield found


async def _probe(executable: str, arguments: tuple[str, ...]) -> tuple[str, str] | None:
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
    return lines[0].strip().removeprefix("go"), lines[1].strip()
