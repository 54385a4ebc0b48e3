"""A function's log: the lines of all its pods in the order of their times, once or as they are written."""

import heapq
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from shared.cluster.connection import cluster
from shared.cluster.labels import COMPONENT, FUNCTION_COMPONENT, FUNCTION_CONTAINER, of_function
from shared.cluster.port import Cluster, LogQuery, Manifest, Ref, Selection
from shared.errors import AppError, Conflict, NotFound
from shared.functions import store
from shared.functions.log_models import LogLine, LogRequest, moment_of
from shared.functions.models import Function
from shared.identity.models import Principal
from shared.logs import log

POD_BYTES = 2 * 1024 * 1024
"""Read of one pod at once: a function has ten, and a Lambda half a gigabyte."""

ANSWER_BYTES = 3 * 1024 * 1024
"""Lambda answers with 6 MB at most, and JSON escapes."""

_LOOK_AGAIN = 2.0
"""Seconds between looks for pods that came while following."""

_LINES_AHEAD = 1000


def lines(name: str, request: LogRequest, *, owner: Principal, seconds: float) -> Iterator[LogLine | None]:
    """The lines, oldest first. With `follow` they go on for so many seconds; None is a while of silence."""
    function = store.get_or_raise(owner.user_id, name)
    if request.follow:
        return Following(cluster(), function, request).lines(seconds)
    return iter(recent(cluster(), function, request))


def recent(kubernetes: Cluster, function: Function, request: LogRequest) -> list[LogLine]:
    """The last `tail` lines of all pods together."""
    since = moment_of(request.after)
    query = LogQuery(
        FUNCTION_CONTAINER, tail=request.tail, since=since, limit_bytes=POD_BYTES, timestamps=True
    )
    logs = [_read(kubernetes, pod, query) for pod in _pods(kubernetes, function)]
    merged = heapq.merge(*logs, key=lambda line: line.time)
    later = [line for line in merged if line.time > request.after]
    return _newest(later, lines=request.tail, size=ANSWER_BYTES)


def _newest(found: list[LogLine], *, lines: int, size: int) -> list[LogLine]:
    """The last so many, and of those the last that fit."""
    kept: list[LogLine] = []
    for line in reversed(found[-lines:] if lines else []):
        size -= len(line.time) + len(line.text)
        if size < 0:
            break
        kept.append(line)
    return kept[::-1]


class Following:
    """One thread a pod reads; the caller's thread merges. All end when the caller stops asking."""

    def __init__(self, kubernetes: Cluster, function: Function, request: LogRequest) -> None:
        self._kubernetes = kubernetes
        self._function = function
        self._request = request
        self._lines: queue.Queue[LogLine] = queue.Queue(_LINES_AHEAD)
        self._last: dict[str, str] = {}
        self._readers: dict[str, threading.Thread] = {}
        self._over = threading.Event()

    def lines(self, seconds: float) -> Iterator[LogLine | None]:
        """Looks at once, so that a cluster which does not answer is an error, not the end of an answer."""
        return self._lines_after(self._so_far(), ends=time.monotonic() + seconds)

    def _lines_after(self, found: list[LogLine], *, ends: float) -> Iterator[LogLine | None]:
        try:
            yield from found
            while time.monotonic() < ends and self._still_there():
                self._start_readers(ends)
                yield from self._arriving(min(ends, time.monotonic() + _LOOK_AGAIN))
                yield None
        finally:
            self._over.set()

    def _so_far(self) -> list[LogLine]:
        found = recent(self._kubernetes, self._function, self._request)
        # A pod without a line among the last ones wrote only older lines: they are not wanted either.
        oldest = found[0].time if found else self._request.after
        self._last = {pod["metadata"]["name"]: oldest for pod in _pods(self._kubernetes, self._function)}
        self._last |= {line.pod: line.time for line in found}
        return found

    def _still_there(self) -> bool:
        return store.get(self._function.owner, self._function.name) is not None

    def _arriving(self, until: float) -> Iterator[LogLine]:
        while (left := until - time.monotonic()) > 0:
            try:
                yield self._lines.get(timeout=left)
            except queue.Empty:
                return

    def _start_readers(self, ends: float) -> None:
        for pod in _pods(self._kubernetes, self._function):
            name = pod["metadata"]["name"]
            reader = self._readers.get(name)
            if reader is None or not reader.is_alive():
                reader = threading.Thread(target=self._follow, args=(pod, ends), daemon=True)
                self._readers[name] = reader
                reader.start()

    def _follow(self, pod: Manifest, ends: float) -> None:
        name = pod["metadata"]["name"]
        seen = self._last.get(name, self._request.after)
        query = LogQuery(FUNCTION_CONTAINER, since=moment_of(seen), timestamps=True)
        try:
            arriving = self._kubernetes.follow(Ref.of(pod), query, seconds=ends - time.monotonic())
            for raw in arriving:
                line = LogLine.parse(name, raw)
                if line.time > seen:
                    self._last[name] = seen = line.time
                    self._hand_over(line)
                if self._over.is_set():
                    return
        except AppError as error:
            log.warning("log of a pod cannot be followed", pod=name, reason=error.message)

    def _hand_over(self, line: LogLine) -> None:
        while not self._over.is_set():
            try:
                self._lines.put(line, timeout=1)
            except queue.Full:
                continue
            return


def _pods(kubernetes: Cluster, function: Function) -> list[Manifest]:
    """Pods of the function itself; those of its invocations keep their output in the invocation."""
    labels = of_function(function.owner, function.name) | {COMPONENT: FUNCTION_COMPONENT}
    try:
        return list(kubernetes.list("Pod", Selection(function.namespace, labels)).items)
    except NotFound:
        return []


def _read(kubernetes: Cluster, pod: Manifest, query: LogQuery) -> list[LogLine]:
    name = pod["metadata"]["name"]
    try:
        raw = kubernetes.logs(Ref.of(pod), query)
        while len(raw) >= POD_BYTES and query.tail is not None and query.tail > 1:
            # The cluster cuts at the end, where the newest lines are: ask for fewer instead.
            query = replace(query, tail=query.tail // 2)
            raw = kubernetes.logs(Ref.of(pod), query)
    except (NotFound, Conflict):
        return []
    return [LogLine.parse(name, line) for line in raw.decode(errors="replace").splitlines()]
