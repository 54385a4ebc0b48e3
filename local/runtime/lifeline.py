"""No orphans: a process of the local platform ends when the one that started it does, however it died."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from typing import Never

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask Linux for SIGKILL at the parent's death. Elsewhere the closed socket to the parent has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def end_at_eof(lifeline: int, *, grace: float = 5.0) -> None:
    """End this process in good order when the other end closes: whoever held it is gone."""

    def watch() -> Never:
        with contextlib.suppress(ConnectionResetError):
            while os.read(lifeline, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(grace)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
