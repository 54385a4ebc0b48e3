"""What went wrong in a handler, in the words that Lambda uses for it."""

import json
import os
import sys
import traceback
from types import TracebackType


def import_failure(handler: str, error: BaseException) -> bytes:
    module = handler.rpartition(".")[0]
    match error:
        case SyntaxError():
            kind, message = "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}"
        case ImportError():
            kind, message = "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}"
        case HandlerMissing():
            kind, message = "Runtime.HandlerNotFound", str(error)
        case SystemExit():
            kind, message = "Runtime.ExitError", f"Module '{module}' exited at import with {error.code}"
        case _:
            kind, message = type(error).__name__, str(error)
    print(f"[ERROR] {kind}: {message}\n{traceback_of_user_code()}", end="")
    return failure(kind, message, _frames_of(error.__traceback__))


class HandlerMissing(Exception):
    pass


def unhandled(error: Exception) -> bytes:
    return failure(type(error).__name__, str(error), _frames_of(error.__traceback__))


def failure(kind: str, message: str, stack: list[str]) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": stack}).encode()


def traceback_of_user_code() -> str:
    """The current exception's traceback without the frames of this runtime and of the import machinery."""
    kind, error, trace = sys.exc_info()
    assert kind is not None, "called in an `except` clause only"
    assert error is not None
    report = traceback.TracebackException(kind, error, trace)
    report.stack = traceback.StackSummary.from_list(
        [line for line in report.stack if not _ours(line.filename)]
    )
    return "".join(report.format())


def _frames_of(trace: TracebackType | None) -> list[str]:
    return traceback.format_list(
        [frame for frame in traceback.extract_tb(trace) if not _ours(frame.filename)]
    )


def _ours(filename: str) -> bool:
    return filename.startswith(("<frozen importlib", os.path.dirname(__file__))) or "/importlib/" in filename
