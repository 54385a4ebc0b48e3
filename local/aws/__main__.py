"""`python -m local.aws --port P`: AWS on 127.0.0.1:P until the parent process ends. Port 0: a free one."""

import argparse
import os
import signal
import sys
import threading
import time

# moto reads its settings when it is imported.
os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")

from local.aws.server import Server

_GLANCE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parent = os.getppid()
    server = Server(parser.parse_args().port)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: os._exit(0))
    print(server.url, flush=True)
    server.serve()


def _end_with(parent: int) -> None:
    # Asking now and then works on every Unix; Linux alone would tell.
    while os.getppid() == parent:
        time.sleep(_GLANCE)
    sys.stderr.write("the parent process has ended\n")
    os._exit(0)


if __name__ == "__main__":
    main()
