"""`make run`: the whole platform, until Ctrl-C."""

import argparse
import contextlib
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Never

from local.processes import ChildEnded
from local.stack import PROJECT, Stack, StackError

WELCOME = """
EventFlow runs at {url}

  a token   curl -s -X POST {url}/auth/token -H 'Content-Type: application/json' -d '{{"user_id": "alice"}}'
  the API   {url}/docs
  cluster   {cluster}
  logs      {logs}/handlers.log, access.log, gateway.log, aws.log{cluster_log}

Edits of handlers/, shared/ and template.yaml take effect at once. Ctrl-C stops everything."""


def welcome(stack: Stack) -> str:
    emulated = f"emulated here; export KUBECONFIG={stack.kubeconfig}"
    return WELCOME.format(
        url=stack.url,
        cluster=emulated if stack.emulated_cluster else f"the one that {stack.kubeconfig} names",
        logs=stack.state.relative_to(stack.project),
        cluster_log=", cluster.log" if stack.emulated_cluster else "",
    )


def run(port: int, project: Path) -> None:
    print(f"starting EventFlow on port {port}", flush=True)
    with Stack.start(
        port, project=project, reload=True, say=lambda line: print(f"  {line}", flush=True)
    ) as stack:
        print(welcome(stack), flush=True)
        stack.watch()


def _stop(_signal: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument(
        "--project", type=Path, default=PROJECT, help="folder with template.yaml and handlers"
    )
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, _stop)
    try:
        run(options.port, options.project)
    except (StackError, ChildEnded) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\nstopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
