"""Parameters that many endpoints take, declared once: types, bounds and the words of the documentation."""

import re
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

LIST_LIMIT = 1000
"""Items in one answer at most; without `limit` a list is as long as that."""

LONGEST_WAIT = 25
"""Seconds. API Gateway gives up after 30, and the answer itself takes time."""

PageNumber = Annotated[
    int | None, Query(ge=1, le=1000, description="page of the list, from 1; or use cursor")
]
Limit = Annotated[int, Query(ge=1, le=LIST_LIMIT, description="items a page")]
Cursor = Annotated[str | None, Query(max_length=2048, description="opaque, from the Link header of a page")]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="the same key and body within 24 h are done once"),
]
Accept = Annotated[str | None, Header(alias="Accept")]
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=128, description="a stream goes on after this event"),
]
LogTail = Annotated[int, Query(ge=0, le=10_000, description="how many of the last lines")]
LogFollow = Annotated[bool, Query(description="go on with new lines as they are written")]
LogTimestamps = Annotated[bool, Query(description="each line begins with its time")]
Prefer = Annotated[
    str | None,
    Header(
        alias="Prefer", description=f"wait=N: answer with the result if it is there in N ≤ {LONGEST_WAIT} s"
    ),
]

# Commas divide preferences, but not inside a quoted string.
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_WAIT = re.compile(r'\s*wait\s*=\s*("?)(\d{1,9})\1\s*(?:;.*)?', re.IGNORECASE | re.ASCII)


def wait_of(prefer: str | None) -> int:
    """Seconds of the first `wait` preference (RFC 7240, section 4.3). What cannot be honoured is ignored."""
    preferences = _PREFERENCE.findall(prefer or "")
    found = next(filter(None, map(_WAIT.fullmatch, preferences)), None)
    return min(int(found[2]), LONGEST_WAIT) if found else 0
