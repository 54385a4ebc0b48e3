"""Who asked, carried through a request or message without passing through every signature.

The ids only describe; no decision depends on them. Formats: `traceparent` is W3C Trace Context, level 2.
"""

import re
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")


@dataclass(frozen=True)
class Trace:
    request_id: str = ""
    correlation_id: str = ""
    traceparent: str = ""


_NOBODY = Trace()
_current: ContextVar[Trace] = ContextVar("trace", default=_NOBODY)


def current() -> Trace:
    return _current.get()


def enter(trace: Trace) -> None:
    _current.set(trace)


def accepted_id(offered: str | None) -> str:
    """A caller's id if it is one, else nothing: an id ends up in logs and headers."""
    return offered if offered is not None and _ID.fullmatch(offered) else ""


def child_of(traceparent: str | None, *, fallback: str) -> str:
    """The caller's trace if it is well-formed, else a new one made of `fallback` (a UUID)."""
    if traceparent is not None and _TRACEPARENT.fullmatch(traceparent):
        return traceparent
    hexadecimal = fallback.replace("-", "")
    return f"00-{hexadecimal}-{hexadecimal[16:]}-01"
