"""Idempotency keys: the same request sent twice is done once.

After draft-ietf-httpapi-idempotency-key-header: the same key and body get the first answer again, the same
key with another body is refused (422). The record is written in the transaction of the work itself, so there
is no state between "not yet" and "done".
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from shared.errors import Conflict, Invalid, Unprocessable
from shared.store import Row, Table, Transaction, translated

LIFETIME = timedelta(hours=24)

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class KeyRow(Row):
    class Meta:
        table_name = Table("control_table")

    key = UnicodeAttribute(hash_key=True)
    fingerprint = UnicodeAttribute()
    result = UnicodeAttribute()
    expires_at = NumberAttribute()


class Replayed(Conflict):
    """The key was used before: `result` is what the first request made."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used before")


@dataclass(frozen=True)
class Claim:
    """One use of a key, by one owner, for one operation."""

    key: str
    fingerprint: str

    @classmethod
    def of(cls, header: str, *, owner: str, operation: str, body: object) -> "Claim":
        key = header.strip().strip('"')
        if not _KEY.fullmatch(key):
            raise Invalid("Idempotency-Key: use 1 to 255 visible ASCII characters")
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(f"{operation}\n{canonical}".encode()).hexdigest()
        return cls(key=f"idempotency#{owner}#{operation}#{key}", fingerprint=digest)


def record(write: Transaction, claim: Claim, *, result: str, now: datetime) -> None:
    """Uses the key up. The transaction fails with `Replayed` if it was used before."""
    expires = int((now + LIFETIME).timestamp())
    row = KeyRow(claim.key, fingerprint=claim.fingerprint, result=result, expires_at=expires)
    # TTL deletes late, within days: an expired key counts as free.
    free = KeyRow.key.does_not_exist() | (KeyRow.expires_at < int(now.timestamp()))
    write.put(row, free, otherwise=Replayed)


def first_result(claim: Claim) -> str:
    """What the first request with this key made."""
    try:
        with translated():
            row = KeyRow.get(claim.key, consistent_read=True)
    except KeyRow.DoesNotExist as error:
        raise Conflict(
            "the earlier request with this Idempotency-Key has just expired; send it again"
        ) from error
    if row.fingerprint != claim.fingerprint:
        raise Unprocessable(
            "this Idempotency-Key was used for another request; use a new key for a new request"
        )
    return row.result
