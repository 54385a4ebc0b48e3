"""Structured logs: Powertools' JSON lines, with the request's ids, and nothing in them that opens a door.

from shared.logs import log
log.info("run finished", run=run.id, seconds=3.2)
"""

import re
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from shared import context

_SECRET_KEY = re.compile(
    r"(?i)authorization|token|secret|password|passwd|api[-_]?key|cookie|credential|kubeconfig"
)
_SECRET_VALUE = re.compile(
    r"(?i)(bearer\s+)[\w.~+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:ef_live_|ef_test_|svc_|ce_dev_)[\w-]+"
)
_HIDDEN = "[redacted]"


def redacted(value: Any) -> Any:
    """A copy without credentials: values under telling keys, and anything that looks like a token."""
    match value:
        case dict():
            return {
                key: _HIDDEN if _SECRET_KEY.search(str(key)) else redacted(inner)
                for key, inner in value.items()
            }
        case list() | tuple():
            return [redacted(inner) for inner in value]
        case str():
            return _SECRET_VALUE.sub(lambda found: (found.group(1) or "") + _HIDDEN, value)
        case None | bool() | int() | float():
            return value
        case _:
            # As the formatter would write it: an exception's text, above all.
            return redacted(str(value))


class _Redacting(LambdaPowertoolsFormatter):
    def serialize(self, log: dict[str, Any]) -> str:  # type: ignore[override]  # theirs names a TypedDict
        trace = context.current()
        if trace.request_id:
            log = {**log, "request_id": trace.request_id, "correlation_id": trace.correlation_id}
        return super().serialize(redacted(log))


log = Logger(service="eventflow", logger_formatter=_Redacting(utc=True, use_rfc3339=True))
