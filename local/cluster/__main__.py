"""`python -m local.cluster`: the embedded Kubernetes API for machines without a cluster."""

import argparse
import asyncio
import contextlib
import logging
import os
import resource
import secrets
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from local.cluster import kubeconfig
from local.cluster.emulator import build
from local.cluster.kubelet import engines
from local.cluster.kubelet.machine import Machine
from local.cluster.kubelet.processes import LocalProcesses
from local.cluster.kubelet.runtime import Runtime

log = logging.getLogger("local.cluster")

_PARENT = os.getppid()  # asked first: it may die while we start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.cluster", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--kubeconfig", type=Path, required=True, help="written when the server is ready")
    parser.add_argument(
        "--data", type=Path, help="folder for the pods' files and logs; beside the kubeconfig"
    )
    parser.add_argument(
        "--runtime",
        choices=("auto", "process", *engines.ENGINES),
        default="auto",
        help="what runs containers; auto: Docker or Podman if its engine answers, else local processes",
    )
    given = parser.parse_args()
    data = given.data or given.kubeconfig.parent / "cluster"
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _raise_file_limit()
    asyncio.run(serve(given.port, given.kubeconfig, data.absolute(), given.runtime))


class Server(uvicorn.Server):
    """Uvicorn raises the signals that ended it once more when it is done, before we could clean up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end)
        yield

    def end(self) -> None:
        self.should_exit = True


async def serve(port: int, config: Path, data: Path, kind: str) -> None:
    data.mkdir(parents=True, exist_ok=True)
    config.unlink(missing_ok=True)  # an earlier emulator may have been killed
    token = secrets.token_urlsafe(32)
    listener = _listener(port)
    emulator = build(data, await _runtime(kind, data), token)
    server = Server(
        uvicorn.Config(
            emulator.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
    )
    watcher = asyncio.create_task(_end_with_parent(server))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with server.capture_signals():  # whoever sees the kubeconfig may ask us to end
            kubeconfig.write(config, url, token)  # connections already queue at the listener
            log.info("Kubernetes emulator on %s, kubeconfig %s, files in %s", url, config, data)
            await server.serve(sockets=[listener])
    finally:
        watcher.cancel()
        await emulator.close()
        config.unlink(missing_ok=True)


async def _runtime(kind: str, data: Path) -> Runtime:
    engine = await engines.find() if kind == "auto" else kind if kind in engines.ENGINES else None
    if engine is None:
        machine = Machine(data / "images")
        await machine.warm()
        log.info("containers are local processes")
        return LocalProcesses(machine)
    log.info("containers are run by %s", engine)
    runtime = engines.Engine(engine, data)
    await runtime.sweep()
    return runtime


def _listener(port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's algorithm off; without it (as socket.create_server
    # makes one) every answer on a kept connection waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


async def _end_with_parent(server: Server) -> None:
    """A parent that was killed cannot tell us."""
    while os.getppid() == _PARENT:
        await asyncio.sleep(0.5)
    server.end()


def _raise_file_limit() -> None:
    """Each running container takes four files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65_536, hard))


if __name__ == "__main__":
    main()
