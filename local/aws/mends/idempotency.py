"""ClientRequestToken: for ten minutes a transaction that succeeded is not applied again; moto never reads it.

https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/responses.py#L1473 and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import hashlib
import json
import time

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.responses import DynamoHandler

from local.aws.mends.patch import replace

_REMEMBERED = 600.0

_transact_write_items = DynamoHandler.transact_write_items


class Tokens:
    """What each token stood for; the oldest leave first."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[bytes, float]] = {}

    def seen(self, token: str, now: float) -> bytes | None:
        while self._seen and next(iter(self._seen.values()))[1] <= now - _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return self._seen[token][0] if token in self._seen else None

    def remember(self, token: str, digest: bytes, now: float) -> None:
        self._seen[token] = (digest, now)


_tokens: dict[tuple[str, str], Tokens] = {}


def install() -> None:
    replace(DynamoHandler, "transact_write_items", transact_write_items)


def transact_write_items(self: DynamoHandler) -> ActionResult:
    token = self.body.get("ClientRequestToken")
    if token is None:
        return _transact_write_items(self)
    tokens = _tokens.setdefault((self.current_account, self.region), Tokens())
    digest = hashlib.sha256(
        json.dumps(self.body["TransactItems"], sort_keys=True, default=repr).encode()
    ).digest()
    earlier = tokens.seen(token, time.monotonic())
    if earlier is None:
        result = _transact_write_items(self)
        tokens.remember(token, digest, time.monotonic())
        return result
    if earlier != digest:
        raise DynamodbException(
            "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
