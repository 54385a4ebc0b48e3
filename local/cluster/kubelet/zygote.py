"""The process that starts containers, so that forking is cheap and none of them outlives the emulator.

Runs alone (`python -I -S zygote.py FD`) and imports nothing of ours. For each request on the socket FD it
forks a *shim*. The shim forks the container, inherits every process that the container leaves behind (it is
their subreaper), measures them and reports. The emulator holds the other end of each shim's control socket:
when the emulator dies, by SIGKILL too, the shim reads end-of-file and kills all that is below it.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
PAGE = os.sysconf("SC_PAGE_SIZE")
LINUX = sys.platform == "linux"
EAGER, CALM, EAGER_FOR = 0.05, 0.25, 5.0  # seconds between looks at memory: often at first, seldom later

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> None:
    if LINUX:
        _libc.prctl(option, value, 0, 0, 0)


def children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as listed:
                found.extend(int(child) for child in listed.read().split())
    return found


def descendants(pid: int) -> list[int]:
    found = children(pid)
    for child in found:  # grows while we walk it
        found.extend(children(child))
    return found


def own_memory(pid: int) -> int:
    """Bytes of anonymous memory: what two processes cannot share by mapping one file."""
    try:
        with open(f"/proc/{pid}/statm") as statm:
            _, resident, shared, *_ = statm.read().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE


def fair_memory(pid: int) -> int:
    """The same, but pages shared after a fork are divided among those who share them; slower."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss_Anon:"))
    except OSError:
        return own_memory(pid)


def kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_below(pid: int) -> None:
    """All of them are stopped before the first is killed, since those that run could fork on and on."""
    stopped: set[int] = set()
    while fresh := set(descendants(pid)) - stopped:
        for child in fresh:
            kill(child, signal.SIGSTOP)
        stopped |= fresh
    for child in stopped:
        kill(child, signal.SIGKILL)


class Shim:
    """Watches over one container."""

    def __init__(self, request: dict[str, Any], control: socket.socket) -> None:
        self._memory: int = request.get("memory") or 0
        self._most: int = request.get("processes") or 0
        self._control = control
        self._peak = 0
        self._why = ""  # why we killed it ourselves
        self._began = time.monotonic()
        self._main = 0

    def run(self, request: dict[str, Any], stdout: int, stderr: int) -> None:
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._main, problem = start(request, stdout, stderr)
        os.close(stdout)
        os.close(stderr)
        if problem:
            os.waitpid(self._main, 0)
            self._tell({"error": problem})
            return
        self._tell({"pid": self._main})
        status = self._watch(wake_read)
        self._sweep()
        self._tell(self._report(status))

    def _watch(self, wake: int) -> int:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            calm = time.monotonic() - self._began > EAGER_FOR
            for fd, _ in poll.poll((CALM if calm else EAGER) * 1000):
                if fd == wake:
                    os.read(wake, 4096)
                else:
                    self._obey(self._control.recv(64))
            if (status := self._reap()) is not None:
                return status
            self._measure()

    def _obey(self, commands: bytes) -> None:
        if not commands:  # the emulator is gone
            self._sweep()
            os._exit(0)
        for command in commands:
            kill(self._main, signal.SIGTERM if command == ord("T") else signal.SIGKILL)

    def _reap(self) -> int | None:
        ended = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            if pid == self._main:
                ended = status

    def _measure(self) -> None:
        below = descendants(os.getpid()) if LINUX else []
        used = sum(own_memory(pid) for pid in below)
        if self._memory and used > self._memory:
            used = sum(fair_memory(pid) for pid in below)
        self._peak = max(self._peak, used)
        if self._memory and used > self._memory:
            self._why = "OOMKilled"
        elif self._most and len(below) > self._most:
            self._why = "TooManyProcesses"
        if self._why:
            kill_below(os.getpid())

    def _sweep(self) -> None:
        """Kill and reap all that is left: the end of a container's first process ends them all."""
        while True:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._main, signal.SIGKILL)  # where /proc does not tell us who is below
            kill_below(os.getpid())
            try:
                os.waitpid(-1, 0)
                while os.waitpid(-1, os.WNOHANG)[0]:  # all that have ended, before the next look at the rest
                    pass
            except ChildProcessError:
                return

    def _report(self, status: int) -> dict[str, Any]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        largest = used.ru_maxrss * 1024  # the largest of the processes, with the files that it maps
        # A process that outgrew its limit and ended between two looks would not have lived in a container.
        # Our own size stands for the files that any interpreter maps, which count against nobody's limit.
        if self._memory and largest > self._memory + own:
            self._why = self._why or "OOMKilled"
        return {
            "exit": os.waitstatus_to_exitcode(status),
            "why": self._why,
            "cpu_seconds": round(used.ru_utime + used.ru_stime, 6),
            "max_rss_bytes": max(largest, self._peak),
            "seconds": round(time.monotonic() - self._began, 6),
        }

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(json.dumps(message).encode() + b"\n")


def start(request: dict[str, Any], stdout: int, stderr: int) -> tuple[int, str]:
    """Fork the container's first process; returns its id and why it could not become the program."""
    problem_read, problem_write = os.pipe()  # closed by a successful exec
    pid = os.fork()
    if pid == 0:
        become(request, stdout, stderr, problem_write)
    os.close(problem_write)
    with open(problem_read, "rb") as problem:
        return pid, problem.read().decode(errors="replace")


def become(request: dict[str, Any], stdout: int, stderr: int, problem: int) -> NoReturn:
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.closerange(3, problem)
        os.closerange(problem + 1, 256)  # exec closes the last one, which is how a success is told
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for name, value in request["limits"].items():
            limit(getattr(resource, name), value)
        os.umask(0o022)
        os.chdir(request["cwd"])
        if (user := request.get("user")) is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after setuid, which clears it
        os.execve(request["program"], request["argv"], request["env"])  # noqa: S606  # what all this is for
    except BaseException as error:  # noqa: BLE001  # nothing may run on as a second shim
        os.write(problem, str(error).encode())
    os._exit(127)


def limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def serve(requests: socket.socket) -> None:
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    shims: set[int] = set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the emulator, which then closes the socket
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([requests.fileno(), wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            reap(shims)
        if requests.fileno() in ready:
            message, fds, _, _ = socket.recv_fds(requests, 1, 3)
            if not message:
                return
            shims.add(fork_shim(requests, fds))


def fork_shim(requests: socket.socket, fds: list[int]) -> int:
    control, stdout, stderr = fds
    pid = os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        return pid
    try:
        requests.close()
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        channel = socket.socket(fileno=control)
        length = int.from_bytes(channel.recv(8, socket.MSG_WAITALL))
        request = json.loads(channel.recv(length, socket.MSG_WAITALL))
        Shim(request, channel).run(request, stdout, stderr)
    finally:
        os._exit(0)


def reap(shims: set[int]) -> None:
    """Collect ended shims; what a killed one left behind is now our child, and is killed."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            break
        shims.discard(pid)
    for pid in set(children(os.getpid())) - shims:
        kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
