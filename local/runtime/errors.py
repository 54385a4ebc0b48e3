"""How an invocation can fail, as Lambda's callers see it."""

import json
import signal
from typing import Self


class FunctionError(Exception):
    """The function raised, crashed, or answered with something that Lambda does not take."""

    def __init__(self, kind: str, message: str, stack: tuple[str, ...] = ()) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.stack = stack

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        error = json.loads(payload)
        return cls(error["errorType"], error["errorMessage"], tuple(error["stackTrace"]))

    @classmethod
    def exited(cls, status: int | None) -> Self:
        """The process ended instead of answering. A negative status is the signal that ended it."""
        if status is not None and status < 0:
            how = f"signal: {signal.Signals(-status).name}"
        else:
            how = f"exit status {status}"
        return cls("Runtime.ExitError", f"Runtime exited with error: {how}")


class FunctionTimeout(FunctionError):
    """The function was still running at its timeout, and its process was killed."""

    def __init__(self, message: str) -> None:
        super().__init__("Sandbox.Timedout", message)


class PayloadTooLarge(Exception):
    """The event has more than the 6 MB that Lambda accepts."""


class Throttled(Exception):
    """As many functions run at once as may, and none ended in time."""
