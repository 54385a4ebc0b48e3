"""What becomes of an image on a machine that cannot pull any. Pure: the machine comes in as a value.

An official language image is run with the machine's own interpreter. Anything else cannot run here, and what
that means depends on who asks: a long-running pod is simulated, and says so; a Job fails to pull.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_DOMAIN = (
    r"(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*(?::[0-9]+)?"
)
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"^(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}))?(?:@(?P<digest>[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,}))?$"
)
# Registries that mirror Docker's official images under the same names.
_OFFICIAL = re.compile(
    r"^(?:docker\.io/|index\.docker\.io/|mirror\.gcr\.io/|public\.ecr\.aws/docker/)?(?:library/)?([a-z]+)$"
)
_ABSENT_TAG = "does-not-exist"  # so that the failure can be shown


@dataclass(frozen=True)
class Family:
    """Images that one interpreter of the machine stands in for."""

    name: str
    images: tuple[str, ...]
    cmd: tuple[str, ...]  # what the image runs when nothing is said
    programs: tuple[str, ...] = ()  # what the image has that others have not
    dash: str = ""  # the image's entrypoint gives arguments that begin with a dash to this program


FAMILIES = (
    Family("python", ("python",), ("python3",), ("python", "python3", "pip", "pip3")),
    Family("node", ("node",), ("node",), ("node", "nodejs", "npm", "npx"), dash="node"),
    Family("ruby", ("ruby",), ("irb",), ("ruby", "irb", "gem", "bundle")),
    Family("golang", ("golang",), ("bash",), ("go", "gofmt")),
    Family("bash", ("bash",), ("bash",), dash="bash"),
    Family("shell", ("alpine", "busybox"), ("sh",)),
    Family("debian", ("debian", "ubuntu"), ("bash",)),
)
_BY_IMAGE = {image: family for family in FAMILIES for image in family.images}
_LANGUAGES = frozenset(program for family in FAMILIES for program in family.programs)


@dataclass(frozen=True)
class Interpreter:
    """What the machine has for a family."""

    version: str  # "3.11.7"; "" for shells
    folder: str  # of links under the names that the image has
    env: Mapping[str, str] = field(default_factory=dict)  # that it needs here


@dataclass(frozen=True)
class Reference:
    repository: str
    tag: str

    @property
    def wanted(self) -> str:
        """The version that the tag asks for: "3.12" of 3.12-slim, "" of latest."""
        found = re.match(r"^v?(\d+(?:\.\d+)?)", self.tag)
        return found.group(1) if found else ""


@dataclass(frozen=True)
class Run:
    argv: tuple[str, ...]
    program: str
    path: str  # folders in front of the machine's own PATH
    note: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulate:
    why: str


@dataclass(frozen=True)
class CannotPull:
    reason: str
    message: str


@dataclass(frozen=True)
class NoProgram:
    """The image is there, its program is not: the container fails to start."""

    message: str


Decision = Run | Simulate | CannotPull | NoProgram


def parse(image: str) -> Reference | None:
    """None for a name that no registry would accept."""
    found = _REFERENCE.match(image)
    if not found:
        return None
    domain, path = found["domain"], found["path"]
    if domain and "." not in domain and ":" not in domain and domain != "localhost":
        domain, path = "", f"{domain}/{path}"
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return Reference(f"{domain}/{path}" if domain else path, tag)


def family_of(reference: Reference) -> Family | None:
    found = _OFFICIAL.match(reference.repository)
    return _BY_IMAGE.get(found.group(1)) if found else None


def refusal(image: str, *, long_running: bool) -> Decision | None:
    """What can be said without a look at the machine; None where an interpreter is to be looked for."""
    reference = parse(image)
    if reference is None:
        return CannotPull(
            "InvalidImageName", f'Failed to apply default image tag "{image}": couldn\'t parse image name '
            f'"{image}": invalid reference format',
        )  # fmt: skip
    host = reference.repository.partition("/")[0].partition(":")[0]
    # RFC 2606: names below .invalid never resolve, so this refusal is the same everywhere.
    if host.endswith(".invalid"):
        return CannotPull("ErrImagePull", f'failed to pull image "{image}": lookup {host}: no such host')
    if reference.tag == _ABSENT_TAG:
        return CannotPull("ErrImagePull", f'failed to pull image "{image}": {image}: not found')
    if family_of(reference) is None:
        return _cannot_run(image, "is not one that this machine's interpreters stand in for", long_running)
    return None


def decide(
    image: str,
    command: Sequence[str],
    args: Sequence[str],
    interpreter: Interpreter | None,
    system: Mapping[str, str],
    *,
    long_running: bool,
) -> Decision:
    """What to do with a container of a known family. `system` finds the machine's own programs by name."""
    reference = parse(image)
    family = family_of(reference) if reference else None
    if reference is None or family is None:
        return _cannot_run(image, "is unknown", long_running)
    if interpreter is None:
        return _cannot_run(image, f"needs {family.name}, which this machine does not have", long_running)
    argv = tuple(command) + tuple(args) if command else _default(family, args)
    program = _program(argv[0], family, interpreter, system)
    if program is None:
        return NoProgram(f'exec: "{argv[0]}": executable file not found in $PATH')
    note = _version_note(image, reference, family, interpreter)
    return Run(argv, program, interpreter.folder, note, interpreter.env)


def _default(family: Family, args: Sequence[str]) -> tuple[str, ...]:
    if not args:
        return family.cmd
    return (family.dash, *args) if family.dash and args[0].startswith("-") else tuple(args)


def _program(name: str, family: Family, interpreter: Interpreter, system: Mapping[str, str]) -> str | None:
    base = name.rpartition("/")[2]
    if base in family.programs or re.fullmatch(r"python3\.\d+", base):
        return system.get(f"{interpreter.folder}/{base}")
    # What the machine happens to have must not stand in for what the image has not.
    if base in _LANGUAGES:
        return None
    return system.get(name) or (
        system.get(base) if name.startswith(("/bin/", "/usr/bin/", "/usr/local/bin/")) else None
    )


def _version_note(image: str, reference: Reference, family: Family, interpreter: Interpreter) -> str:
    wanted, has = reference.wanted, interpreter.version
    if not wanted or not has or family.name in ("debian", "shell", "bash"):
        return ""
    if has == wanted or has.startswith(wanted + "."):
        return ""
    return (
        f"image {image} asks for {family.name} {wanted}; this machine has {has}, and the container runs with "
        "that. A real cluster (KUBECONFIG) or Docker runs the image itself."
    )


def _cannot_run(image: str, why: str, long_running: bool) -> Decision:
    remedy = "Install Docker or Podman, or point KUBECONFIG at a real cluster, to run it."
    if long_running:
        return Simulate(f"image {image} {why}: the pod is only simulated, no process runs. {remedy}")
    return CannotPull("ErrImagePull", f"image {image} {why}, and the emulator cannot pull images. {remedy}")
