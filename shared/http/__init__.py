"""The HTTP edge: what handlers import."""

from shared.http.api import Api, Caller, api, routes
from shared.http.params import (
    LIST_LIMIT,
    Accept,
    Cursor,
    IdempotencyKey,
    LastEventId,
    Limit,
    LogFollow,
    LogTail,
    LogTimestamps,
    PageNumber,
    Prefer,
    wait_of,
)
from shared.http.replies import bare_list, json_reply, no_content, text, text_stream

__all__ = [
    "LIST_LIMIT",
    "Accept",
    "Api",
    "Caller",
    "Cursor",
    "IdempotencyKey",
    "LastEventId",
    "Limit",
    "LogFollow",
    "LogTail",
    "LogTimestamps",
    "PageNumber",
    "Prefer",
    "api",
    "bare_list",
    "json_reply",
    "no_content",
    "routes",
    "text",
    "text_stream",
    "wait_of",
]
