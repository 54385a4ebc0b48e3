"""What moto does differently from AWS and this platform would notice. One file a difference.

Each file has an `install()` that replaces the part of moto it names. Drop a file when upstream has caught up.
"""

from local.aws.mends import (
    answers,
    expiry,
    idempotency,
    limits,
    memory,
    queries,
    queues,
    streams,
    transactions,
    updates,
    writes,
)

_installed = False


def install() -> None:
    global _installed
    if _installed:
        return
    _installed = True
    # `writes` first: queries and expiry learn from it which items changed.
    for mend in (
        memory,
        limits,
        answers,
        streams,
        writes,
        updates,
        transactions,
        idempotency,
        queries,
        expiry,
        queues,
    ):
        mend.install()
