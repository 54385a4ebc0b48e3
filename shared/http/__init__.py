"""The HTTP edge: what handlers import."""

from shared.http.api import Api, Caller, api, routes
from shared.http.params import LIST_LIMIT, Cursor, IdempotencyKey, Limit, PageNumber, Prefer, wait_of
from shared.http.replies import bare_list, json_reply, no_content, text

__all__ = [
    "LIST_LIMIT",
    "Api",
    "Caller",
    "Cursor",
    "IdempotencyKey",
    "Limit",
    "PageNumber",
    "Prefer",
    "api",
    "bare_list",
    "json_reply",
    "no_content",
    "routes",
    "text",
    "wait_of",
]
