"""The gateway process: the HTTP API, the functions behind it, and what wakes them besides HTTP."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
import yaml

from local.environment import aws_environment, read_template
from local.gateway.access import AccessLog
from local.gateway.app import Gateway
from local.gateway.errors import error_renderer
from local.gateway.live import Live
from local.gateway.surroundings import Surroundings
from local.runtime.lifeline import end_at_eof
from local.template import TemplateError

NOWHERE = "http://127.0.0.1:9"  # the discard port: without --aws-endpoint there is no AWS


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`_stop_on_signals` does it: uvicorn would raise them again before the functions are gone."""
        yield


async def serve(options: argparse.Namespace) -> None:
    live = Live(
        lambda: read_template(options.project, options.aws_endpoint or NOWHERE),
        aws_environment(options.aws_endpoint or NOWHERE),
        project=options.project,
        log=options.state / "handlers.log",
        report=lambda text: print(text, flush=True),
    )
    surroundings = (
        Surroundings(
            options.aws_endpoint,
            live.invoke,
            kubeconfig=options.kubeconfig,
            checkpoints=options.state / "checkpoints.json",
        )
        if options.aws_endpoint
        else None
    )
    tasks: list[asyncio.Task[None]] = []
    with contextlib.closing(AccessLog(options.state / "access.log")) as log:
        try:
            if options.reload:
                tasks.append(
                    asyncio.create_task(live.follow_edits(surroundings.change if surroundings else None))
                )
                await asyncio.sleep(0)  # it watches now, before the first reading: no edit is missed
            await _begin(live, surroundings)
            if options.lifeline is not None:
                os.write(options.lifeline, b"ready\n")
            app = Gateway(live, log=log, render_error=error_renderer(options.project))
            tasks.append(asyncio.create_task(_serve_http(app, options.listen)))
            if surroundings:
                tasks.append(asyncio.create_task(surroundings.run()))
            await _first_of(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await live.close()


async def _begin(live: Live, surroundings: Surroundings | None) -> None:
    """The functions forked and the template's resources created, side by side."""
    async with asyncio.TaskGroup() as starting:
        starting.create_task(live.start())
        if surroundings:
            starting.create_task(surroundings.create(live.read_template()))


async def _serve_http(app: Gateway, descriptor: int) -> None:
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    _stop_on_signals(server)
    await server.serve(sockets=[socket.socket(fileno=descriptor)])


async def _first_of(tasks: list[asyncio.Task[None]]) -> None:
    """None of them ends by itself but the server, when it is told to. An error in any is the end of all."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _stop_on_signals(server: Server) -> None:
    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.gateway", description=__doc__)
    parser.add_argument("--listen", type=int, required=True, metavar="FD", help="a listening socket")
    parser.add_argument("--lifeline", type=int, metavar="FD", help="a socket: hears of readiness, ends this")
    parser.add_argument("--project", type=Path, default=Path(), help="folder with template.yaml and handlers")
    parser.add_argument("--state", type=Path, required=True, help="folder for logs")
    parser.add_argument("--aws-endpoint", help="where the template's resources are created")
    parser.add_argument("--kubeconfig", type=Path, help="the cluster; goes into the ClusterSecret")
    parser.add_argument("--reload", action="store_true", help="follow edits of the project")
    options = parser.parse_args()
    options.project = options.project.resolve()
    return options


def main() -> int:
    options = _options()
    if options.lifeline is not None:
        end_at_eof(options.lifeline)
    sys.path.insert(0, str(options.project))
    try:
        read_template(options.project, NOWHERE)
    except (TemplateError, yaml.YAMLError, OSError) as problem:
        print(f"template.yaml cannot be run: {problem}", file=sys.stderr)
        return 2
    asyncio.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
