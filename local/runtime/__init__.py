"""Lambda on this machine: every event runs in a process of its own, as on AWS."""

from local.runtime.branch import ImportFailure
from local.runtime.errors import FunctionError, FunctionTimeout, PayloadTooLarge, Throttled
from local.runtime.runtime import Runtime
from local.runtime.stream import Stream

__all__ = [
    "FunctionError",
    "FunctionTimeout",
    "ImportFailure",
    "PayloadTooLarge",
    "Runtime",
    "Stream",
    "Throttled",
]
