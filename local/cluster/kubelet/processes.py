"""Containers as local processes, started by the zygote."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from local.cluster.kubelet import images, sandbox
from local.cluster.kubelet.images import Decision
from local.cluster.kubelet.machine import Machine
from local.cluster.kubelet.runtime import CannotStart, Exit, Launch, Sink, Usage
from local.cluster.objects import Object

_CHUNK = 65_536


def exit_of(report: dict[str, Any]) -> Exit:
    """A container's end as Kubernetes tells it: a signal N is exit code 128 + N."""
    status, why = report["exit"], report["why"]
    number = -status if status < 0 else 0
    message = "the pod had more processes than the emulator allows" if why == "TooManyProcesses" else ""
    return Exit(
        code=137 if why else status if status >= 0 else 128 + number,
        reason="OOMKilled" if why == "OOMKilled" else "",
        message=message,
        signal=number if not why else 0,
        usage=Usage(report["cpu_seconds"], report["max_rss_bytes"], report["seconds"]),
    )


class LocalProcess:
    """A running container: its shim's control socket and the pipes of its output."""

    def __init__(self, control: socket.socket, outputs: dict[str, int], sink: Sink) -> None:
        self._loop = asyncio.get_running_loop()
        self._control = control
        self._sink = sink
        self._received = b""
        self._outputs = outputs
        self.started: asyncio.Future[str] = self._loop.create_future()
        self._report: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._drained = asyncio.Event()
        self._loop.add_reader(control, self._hear)
        for stream, fd in outputs.items():
            self._loop.add_reader(fd, self._read, stream, fd)

    @property
    def id(self) -> str:
        return f"process://{self.started.result()}"

    async def wait(self) -> Exit:
        report = await self._report
        await self._drained.wait()
        return exit_of(report)

    def terminate(self) -> None:
        self._command(b"T")

    def kill(self) -> None:
        self._command(b"K")

    def _command(self, command: bytes) -> None:
        with contextlib.suppress(OSError):
            self._control.send(command)

    def _hear(self) -> None:
        try:
            data = self._control.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received += data
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            self._take(json.loads(line))
        if not data:
            self._end()

    def _take(self, message: dict[str, Any]) -> None:
        if "pid" in message:
            self.started.set_result(str(message["pid"]))
        elif "error" in message:
            self.started.set_exception(CannotStart(message["error"]))
        else:
            self._report.set_result(message)

    def _end(self) -> None:
        self._loop.remove_reader(self._control)
        self._control.close()
        if not self.started.done():
            self.started.set_exception(CannotStart("the emulator's launcher ended"))
        if not self._report.done():
            lost = {"exit": -9, "why": "", "cpu_seconds": 0.0, "max_rss_bytes": 0, "seconds": 0.0}
            self._report.set_result(lost)

    def _read(self, stream: str, fd: int) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if data:
            self._sink(stream, data)
            return
        self._loop.remove_reader(fd)
        os.close(fd)
        self._outputs.pop(stream)
        if not self._outputs:
            self._drained.set()


class LocalProcesses:
    """The runtime that needs nothing but this machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        ours, theirs = socket.socketpair()
        script = Path(__file__).with_name("zygote.py")
        with theirs:
            self._zygote = subprocess.Popen(
                [sys.executable, "-I", "-S", str(script), str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={},
                start_new_session=True,
            )
        self._requests = ours

    def decide(self, container: Object, *, long_running: bool) -> Decision | Awaitable[Decision]:
        """At once, where the machine need not be searched: simulated pods come by the thousand."""
        said = images.refusal(container["image"], long_running=long_running)
        return said if said is not None else self._search(container, long_running=long_running)

    async def _search(self, container: Object, *, long_running: bool) -> Decision:
        reference = images.parse(container["image"])
        family = images.family_of(reference) if reference else None
        found = await self._machine.interpreter(family, reference.wanted) if family and reference else None
        return images.decide(
            container["image"],
            container.get("command") or (),
            container.get("args") or (),
            found,
            self._machine.system,
            long_running=long_running,
        )

    async def start(self, launch: Launch, sink: Sink) -> LocalProcess:
        ours, theirs = socket.socketpair()
        pipes = {"stdout": os.pipe(), "stderr": os.pipe()}
        body = json.dumps(sandbox.request(launch)).encode()
        try:
            ours.sendall(len(body).to_bytes(8) + body)
            writers = [pipes["stdout"][1], pipes["stderr"][1]]
            socket.send_fds(self._requests, [b"\n"], [theirs.fileno(), *writers])
        except OSError as error:
            for end in (ours, theirs):
                end.close()
            for fd in (fd for pipe in pipes.values() for fd in pipe):
                os.close(fd)
            raise CannotStart("the emulator's launcher has ended; restart the emulator") from error
        theirs.close()
        for _, write in pipes.values():
            os.close(write)
        ours.setblocking(False)
        for read, _ in pipes.values():
            os.set_blocking(read, False)
        process = LocalProcess(ours, {stream: read for stream, (read, _) in pipes.items()}, sink)
        await process.started
        return process

    async def close(self) -> None:
        """End the zygote; every container sees its control socket close and ends too."""
        self._requests.close()
        self._zygote.wait(timeout=10)
