"""A process that has imported what handlers need and forks on demand: a cold start costs a fork.

There are two generations. The root imports the libraries. A branch is forked from the root for each distinct
function environment: it sets that environment, imports the handlers, and forks the workers. The same loop
serves both: commands arrive as lines of JSON, each `fork` with one end of a socket for the new process.
Single-threaded on purpose: forking a process with threads is not safe.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TextIO, cast

from local.runtime import failures, worker
from local.runtime.lifeline import die_with_parent
from local.runtime.output import TaggedLines

LIBRARIES = (
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.batch",
    "botocore.session",
    "pydantic",
    "pynamodb.models",
)
_MOST = 1 << 16
_CHANNELS_AT_ONCE = 16

Spec = dict[str, Any]


class Zygote:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: set[int] = set()
        self._received = b""
        self._channels: list[int] = []
        self._wakeup, self._wakeup_writer = socket.socketpair()

    def serve(self) -> NoReturn:
        """Fork and reap until the other side closes the control socket; then take all children along."""
        self._catch_child_exits()
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wakeup:
                        self._reap()
                    elif not self._obey():
                        self._end()

    def tell(self, **message: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._control.sendall(json.dumps(message).encode() + b"\n")

    def _catch_child_exits(self) -> None:
        self._wakeup.setblocking(False)
        self._wakeup_writer.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakeup_writer.fileno(), warn_on_full_buffer=False)

    def _obey(self) -> bool:
        """Carry out what has arrived. False at the end of the commands."""
        try:
            data, channels, _, _ = socket.recv_fds(self._control, _MOST, _CHANNELS_AT_ONCE)
        except ConnectionResetError:
            return False
        self._channels += channels
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._carry_out(json.loads(line))
        return bool(data)

    def _carry_out(self, command: Spec) -> None:
        match command:
            case {"do": "fork", "id": number, "role": role, "spec": spec}:
                pid = self._fork(role, spec, self._channels.pop(0))
                self.tell(now="forked", id=number, pid=pid)
            case {"do": "kill", "pid": pid, "signal": number} if pid in self._children:
                os.kill(pid, number)

    def _fork(self, role: str, spec: Spec, channel: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(channel)
            self._children.add(pid)
            return pid
        status = 1
        try:
            die_with_parent(parent)
            self._forget_the_parents_sockets()
            _ROLES[role](socket.socket(fileno=channel), spec)
            status = 0
        except BaseException:  # noqa: BLE001 - the child must never return into the loop of its parent
            traceback.print_exc()
        finally:
            os._exit(status)

    def _forget_the_parents_sockets(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        self._wakeup.close()
        self._wakeup_writer.close()
        for channel in self._channels:
            os.close(channel)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wakeup.recv(_MOST):
                pass
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._children.discard(pid)
                self.tell(now="exited", pid=pid, status=os.waitstatus_to_exitcode(status))

    def _end(self) -> NoReturn:
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)


def branch(control: socket.socket, spec: Spec) -> NoReturn:
    """Take on a function environment, import its handlers, then fork workers."""
    os.environ.update(spec["environment"])
    zygote = Zygote(control)
    zygote.tell(now="ready", failures=list(_import(spec["modules"])))
    gc.collect()
    gc.freeze()  # the collector would otherwise write to, and so copy, the pages that workers share
    zygote.serve()


_ROLES: dict[str, Callable[[socket.socket, Spec], None]] = {"branch": branch, "worker": worker.run}


def _import(modules: list[str]) -> Iterator[dict[str, str]]:
    for module in modules:
        try:
            importlib.import_module(module)
        except (Exception, SystemExit):  # noqa: BLE001 - reported here, and to whoever invokes the function
            yield {"module": module, "traceback": failures.traceback_of_user_code()}


def main(control: int, project: str) -> NoReturn:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the gateway decides what ends
    sys.stdout, sys.stderr = cast(TextIO, TaggedLines(1)), cast(TextIO, TaggedLines(2))
    # The project's packages, and no longer those of the checkout that this file came from.
    checkout = os.path.realpath(os.environ.get("PYTHONPATH", ""))
    sys.path[:] = [project, *(entry for entry in sys.path if os.path.realpath(entry or ".") != checkout)]
    os.chdir(project)
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    zygote = Zygote(socket.socket(fileno=control))
    zygote.tell(now="ready", failures=[])
    zygote.serve()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[3]))
    main(int(sys.argv[1]), sys.argv[2])
