"""One DynamoDB request at a time.

moto's tables are dictionaries without a lock: beside a failing transaction, acknowledged writes were lost.
https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/__init__.py#L607
"""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

from local.aws.connection import client_gone
from local.aws.mends.streams import wait_for_records
from local.aws.waiting import LONGEST_WAIT, WAIT_HEADER

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

lock = threading.RLock()


def serialised(app: Application) -> Application:
    def one_at_a_time(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith("DynamoDB"):
            return app(environ, start_response)
        if target.endswith(".GetRecords"):
            _wait(environ)
        with lock:
            return list(app(environ, start_response))

    return one_at_a_time


def _wait(environ: dict[str, Any]) -> None:
    seconds = min(LONGEST_WAIT, float(environ.get(f"HTTP_{WAIT_HEADER.upper().replace('-', '_')}", 0)))
    if seconds > 0:
        iterator = json.loads(environ["wsgi.input"].getvalue()).get("ShardIterator", "")
        # arn:aws:dynamodb:<region>:<account>:table/...
        _, _, _, region, account, _ = iterator.split(":", 5)
        wait_for_records(account, region, iterator, seconds, client_gone)
