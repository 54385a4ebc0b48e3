"""What handlers print, line by line into the one log that all workers share."""

import io
import os


class TaggedLines(io.TextIOBase):
    """Whole lines, each one write, so that lines of different workers never mix.

    A JSON line says itself which function wrote it; any other line gets the tag in front.
    """

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        self.tag = ""
        self._descriptor = descriptor
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._emit(line)
        return len(text)

    def finish(self) -> None:
        """Write what is left of an unfinished line."""
        if self._rest:
            self._emit(self._rest)
            self._rest = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def _emit(self, line: str) -> None:
        tagged = line if line.startswith("{") or not self.tag else f"[{self.tag}] {line}"
        os.write(self._descriptor, (tagged + "\n").encode("utf-8", "backslashreplace"))
