"""Containers by Docker or Podman, where one of them is installed and its engine answers."""

import asyncio
import contextlib
import os
import shutil
import time
from pathlib import Path

from local.cluster.kubelet.images import CannotPull, Decision, Run, parse
from local.cluster.kubelet.runtime import CannotStart, Exit, Launch, Sink, Usage
from local.cluster.objects import Object

ENGINES = ("docker", "podman")

_LABEL = "dev.eventflow.emulator"
_ENGINE_FAILED = 125  # of `docker run` itself
_CHUNK = 65_536


def version_command(engine: str) -> list[str]:
    """Fails when the client is there and its engine is not."""
    return [engine, "version", "--format", "{{.Server.Version}}"] if engine == "docker" else [engine, "info"]


def run_command(engine: str, launch: Launch, owner: str) -> list[str]:
    """Values of variables travel in the client's environment: a command line can be read by everybody."""
    limits = launch.limits
    options = [
        *("--name", launch.name),
        *("--hostname", launch.hostname),
        *("--label", f"{_LABEL}={owner}"),
        "--pull=never",
        "--init",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        f"--pids-limit={limits.processes}",
    ]
    if limits.memory:
        options += [f"--memory={limits.memory}b", f"--memory-swap={limits.memory}b"]
    if limits.cpu:
        options.append(f"--cpus={limits.cpu:g}")
    if launch.user is not None:
        options.append(f"--user={launch.user}")
    if launch.working_dir:
        options.append(f"--workdir={launch.working_dir}")
    options += [f"--volume={folder}:{path}" for path, folder in launch.mounts.items()]
    options += [f"--env={name}" for name in launch.env]
    if launch.command:
        options.append(f"--entrypoint={launch.command[0]}")
    return [engine, "run", *options, launch.image, *launch.command[1:], *launch.args]


def exit_of(status: int, *, out_of_memory: bool, seconds: float) -> Exit:
    if out_of_memory:
        return Exit(137, "OOMKilled", usage=Usage(seconds=seconds))
    if status == _ENGINE_FAILED:
        return Exit(128, "StartError", "the engine could not start the container; its log says why")
    return Exit(status, signal=status - 128 if 128 < status < 160 else 0, usage=Usage(seconds=seconds))


async def find() -> str | None:
    """The engine of this machine that answers."""
    for engine in ENGINES:
        if shutil.which(engine) and await _succeeds(*version_command(engine)):
            return engine
    return None


class EngineProcess:
    def __init__(self, engine: str, name: str, client: asyncio.subprocess.Process, sink: Sink) -> None:
        self._engine = engine
        self._name = name
        self._client = client
        self._began = time.monotonic()
        self._copies = [
            asyncio.create_task(_copy(stream, name, sink))
            for name, stream in (("stdout", client.stdout), ("stderr", client.stderr))
            if stream is not None
        ]
        self._orders: set[asyncio.Task[bool]] = set()

    @property
    def id(self) -> str:
        return f"{self._engine}://{self._name}"

    async def wait(self) -> Exit:
        await asyncio.gather(*self._copies)
        status = await self._client.wait()
        asked = ("inspect", "--format", "{{.State.OOMKilled}}", self._name)
        killed = (await _output(self._engine, *asked)).strip() == "true"
        await _succeeds(self._engine, "rm", "--force", self._name)
        return exit_of(status, out_of_memory=killed, seconds=round(time.monotonic() - self._began, 6))

    def terminate(self) -> None:
        self._order("kill", "--signal=TERM", self._name)

    def kill(self) -> None:
        self._order("kill", self._name)

    def _order(self, *arguments: str) -> None:
        order = asyncio.create_task(_succeeds(self._engine, *arguments))
        self._orders.add(order)
        order.add_done_callback(self._orders.discard)


class Engine:
    def __init__(self, engine: str, root: Path) -> None:
        self._engine = engine
        self._owner = str(root)

    async def decide(self, container: Object, *, long_running: bool) -> Decision:
        image = container["image"]
        if parse(image) is None:
            return CannotPull(
                "InvalidImageName", f"couldn't parse image name {image!r}: invalid reference format"
            )
        present = await _succeeds(self._engine, "image", "inspect", image)
        policy = container.get("imagePullPolicy")
        if policy == "Never" and not present:
            return CannotPull("ErrImageNeverPull", f'Container image "{image}" is not present')
        if policy != "Always" and present:
            return Run((), "", "")
        process = await _started(self._engine, "pull", "--quiet", image)
        _, problem = await process.communicate()
        if process.returncode == 0:
            return Run((), "", "")
        return CannotPull("ErrImagePull", problem.decode(errors="replace").strip())

    async def start(self, launch: Launch, sink: Sink) -> EngineProcess:
        command = run_command(self._engine, launch, self._owner)
        try:
            client = await _started(*command, env={**os.environ, **launch.env})
        except OSError as error:
            raise CannotStart(str(error)) from error
        return EngineProcess(self._engine, launch.name, client, sink)

    async def sweep(self) -> None:
        """Remove what an emulator that was killed has left behind."""
        listed = await _output(
            self._engine, "ps", "--all", "--quiet", f"--filter=label={_LABEL}={self._owner}"
        )
        if names := listed.split():
            await _succeeds(self._engine, "rm", "--force", *names)

    async def close(self) -> None:
        await self.sweep()


async def _copy(stream: asyncio.StreamReader, name: str, sink: Sink) -> None:
    while data := await stream.read(_CHUNK):
        sink(name, data)


async def _started(*command: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )


async def _output(*command: str) -> str:
    process = await _started(*command)
    answer, _ = await process.communicate()
    return answer.decode(errors="replace")


async def _succeeds(*command: str) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(20):
            process = await _started(*command)
            await process.communicate()
            return process.returncode == 0
    return False
