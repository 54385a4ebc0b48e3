"""A container's output: lines with the time of their arrival, as container runtimes keep them.

The file's format is that of the Container Runtime Interface: `<time> <stream> <F|P> <text>`.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from local.cluster import clock

CAP = 10 << 20  # bytes a file; the older half goes when a second one is full, as by a kubelet's rotation
_LONGEST_LINE = 16_384  # containerd splits longer ones


def rfc3339_nano(nanos: int) -> str:
    seconds, rest = divmod(nanos, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def lines_of(block: bytes) -> list[bytes]:
    """Only \\n ends a line here; splitlines() would also break a progress bar's \\r."""
    return block.split(b"\n")[:-1]


class ContainerLog:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_suffix(".1.log")
        self._size = 0
        self._partial: dict[str, bytes] = {}
        self._head = b""
        self._file = None if not path.exists() else path.open("ab", buffering=0)
        self._followers: list[Callable[[bytes | None], None]] = []
        self.closed = False

    def note(self, text: str) -> None:
        """A line of the emulator's own, without a file."""
        self._head += f"{rfc3339_nano(clock.nanos())} stdout F {text}\n".encode()

    def write(self, stream: str, data: bytes) -> None:
        *lines, rest = (self._partial.pop(stream, b"") + data).split(b"\n")
        tagged = [(line, b"F") for line in lines]
        while len(rest) >= _LONGEST_LINE:
            tagged.append((rest[:_LONGEST_LINE], b"P"))
            rest = rest[_LONGEST_LINE:]
        if rest:
            self._partial[stream] = rest
        self._append(stream, tagged)

    def close(self) -> None:
        for stream, rest in self._partial.items():
            self._append(stream, [(rest, b"P")])
        self._partial = {}
        self.closed = True
        if self._file is not None:
            self._file.close()
        for follower in tuple(self._followers):
            follower(None)

    def follow(self, follower: Callable[[bytes | None], None]) -> Callable[[], None]:
        """Pass on what is appended from now on, and None at the end; returns what stops it."""
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)

    def lines(self) -> Iterator[bytes]:
        yield from lines_of(self._head)
        for path in (self._older, self._path):
            if path.exists():
                yield from lines_of(path.read_bytes())

    def _append(self, stream: str, tagged: list[tuple[bytes, bytes]]) -> None:
        if not tagged:
            return
        stamp = f"{rfc3339_nano(clock.nanos())} {stream} ".encode()
        block = b"".join(stamp + tag + b" " + line + b"\n" for line, tag in tagged)
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab", buffering=0)
        self._file.write(block)
        self._size += len(block)
        if self._size > CAP:
            self._file.close()
            self._path.replace(self._older)
            self._file, self._size = self._path.open("ab", buffering=0), 0
        for follower in tuple(self._followers):
            follower(block)
