"""All or nothing; and the refusal is that of the condition which failed."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute

from shared import clock, store
from shared.errors import Conflict, LimitExceeded, Unavailable
from shared.store import ConditionFailed, Row, Table, Transaction, transaction, versioned
from tests.inprocess import Lambdas


class Thing(Row):
    class Meta:
        table_name = Table("control_table")

    key = UnicodeAttribute(hash_key=True)
    text = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)
    version = VersionAttribute()


@pytest.fixture
def key(lambdas: Lambdas) -> str:
    return clock.new_id()


def read(key: str) -> Thing | None:
    try:
        return Thing.get(key, consistent_read=True)
    except Thing.DoesNotExist:
        return None


def test_nothing_to_write_is_no_request(lambdas: Lambdas) -> None:
    with lambdas.counted() as calls, transaction():
        pass
    assert calls == {}


def test_a_failing_block_writes_nothing(key: str) -> None:
    def write_half() -> None:
        with transaction() as write:
            write.put(Thing(key))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert read(key) is None


Step = Callable[[Transaction, str, Conflict], None]

STEPS: dict[str, Step] = {
    "check": lambda write, key, no: write.check(Thing, key, None, Thing.number == 1, otherwise=no),
    "delete": lambda write, key, no: write.delete(Thing(key, version=1), Thing.number == 1, otherwise=no),
    "put": lambda write, key, no: write.put(Thing(key, version=1), Thing.number == 1, otherwise=no),
    "update": lambda write, key, no: write.update(
        Thing(key, version=1), [Thing.number.set(2)], Thing.number == 1, otherwise=no
    ),
}


@pytest.mark.parametrize("order", [list(STEPS), list(STEPS)[::-1]])
@pytest.mark.parametrize("fails", STEPS)
def test_the_refusal_is_that_of_the_condition_which_failed(fails: str, order: list[str], key: str) -> None:
    """DynamoDB names the failed item by its place, and PynamoDB sends the kinds in an order of its own."""
    for step in STEPS:
        Thing(f"{key}-{step}", number=0 if step == fails else 1).save()

    def write_all() -> None:
        with transaction() as write:
            for step in order:
                STEPS[step](write, f"{key}-{step}", Conflict(f"the {step} was refused"))

    with pytest.raises(Conflict, match=f"the {fails} was refused"):
        write_all()
    for step in STEPS:
        row = read(f"{key}-{step}")
        assert row is not None
        assert (row.version, row.number) == (1, 0 if step == fails else 1)


def test_of_several_refusals_one_is_told(key: str) -> None:
    def write() -> None:
        with transaction() as both:
            both.put(Thing(f"{key}-1"), Thing.key.exists(), otherwise=Conflict("first"))
            both.put(Thing(f"{key}-2"), Thing.key.exists(), otherwise=Conflict("second"))

    with pytest.raises(Conflict, match="first"):
        write()


def test_a_refusal_may_be_made_when_it_is_needed(key: str) -> None:
    class Special(LimitExceeded):
        def __init__(self) -> None:
            super().__init__("too many")

    def write() -> None:
        with transaction() as one:
            one.put(Thing(key), Thing.key.exists(), otherwise=Special)

    with pytest.raises(Special):
        write()


def test_a_condition_without_words_says_that_somebody_was_faster(key: str) -> None:
    def write() -> None:
        with transaction() as one:
            one.put(Thing(key), Thing.key.exists())

    with pytest.raises(ConditionFailed, match="read it again"):
        write()


def test_versions_go_up_by_one_and_stop_who_is_late(key: str) -> None:
    with transaction() as write:
        write.put(Thing(key, text="a", **versioned(None)))
    for text in ("b", "c"):
        row = read(key)
        assert row is not None
        with transaction() as write:
            write.put(Thing(key, text=text, **versioned(row.version)))
    row = read(key)
    assert row is not None
    assert (row.version, row.text) == (3, "c")

    def late() -> None:
        with transaction() as write:
            write.put(Thing(key, text="late", **versioned(2)))

    with pytest.raises(ConditionFailed):
        late()


@pytest.fixture
def cancelled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Makes DynamoDB cancel the first transactions with these reasons; returns how many it was asked for."""
    send = URLLib3Session.send
    asked: list[int] = []

    def install(times: int, *reasons: str) -> list[int]:
        def answer(session: URLLib3Session, request: Any) -> Any:
            if b"TransactWriteItems" not in bytes(request.headers["X-Amz-Target"]):
                return send(session, request)
            asked.append(1)
            return _Cancelled(reasons) if len(asked) <= times else send(session, request)

        monkeypatch.setattr(URLLib3Session, "send", answer)
        return asked

    return install


class _Cancelled:
    """The answer as DynamoDB documents it, with a reason an item."""

    status_code = 400

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.headers = HTTPHeaders()
        kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
        message = f"Transaction cancelled, for specific reasons [{', '.join(reasons)}]"
        told = [{"Code": reason, "Message": None if reason == "None" else "…"} for reason in reasons]
        self.content = json.dumps({"__type": kind, "Message": message, "CancellationReasons": told}).encode()


def write_one(key: str) -> None:
    with transaction() as write:
        write.put(Thing(key), otherwise=Conflict("taken"))


def test_a_collision_with_another_transaction_is_tried_again(
    key: str, cancelled: Callable[..., list[int]]
) -> None:
    asked = cancelled(2, "TransactionConflict")
    write_one(key)
    assert len(asked) == 3
    row = read(key)
    assert row is not None
    assert row.version == 1


def test_what_collides_for_ever_is_given_up(key: str, cancelled: Callable[..., list[int]]) -> None:
    asked = cancelled(1000, "TransactionConflict", "None")
    with pytest.raises(Unavailable) as refusal:
        write_one(key)
    assert refusal.value.retry_after == 1
    assert 1 < len(asked) < 10


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_what_is_throttled_is_tried_again(reason: str, key: str, cancelled: Callable[..., list[int]]) -> None:
    cancelled(1, "None", reason)
    write_one(key)
    assert read(key) is not None


def test_a_failed_condition_counts_more_than_a_collision_beside_it(
    key: str, cancelled: Callable[..., list[int]]
) -> None:
    asked = cancelled(1, "ConditionalCheckFailed", "TransactionConflict")
    with pytest.raises(Conflict, match="taken"):
        write_one(key)
    assert len(asked) == 1


def test_another_reason_is_a_failure_of_the_database(key: str, cancelled: Callable[..., list[int]]) -> None:
    asked = cancelled(1, "ItemCollectionSizeLimitExceeded")
    with pytest.raises(Unavailable):
        write_one(key)
    assert len(asked) == 1


def test_an_answer_that_is_lost_is_not_written_twice(
    key: str, lambdas: Lambdas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is sent again with the token of the first, and DynamoDB knows it."""
    send = URLLib3Session.send
    lost: list[int] = []

    def lose_the_first_answer(session: URLLib3Session, request: Any) -> Any:
        answer = send(session, request)
        if b"TransactWriteItems" in bytes(request.headers["X-Amz-Target"]) and not lost:
            lost.append(1)
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(URLLib3Session, "send", lose_the_first_answer)
    with transaction() as write:
        write.put(Thing(key), Thing.key.does_not_exist(), otherwise=Conflict("taken by ourselves"))
    assert lost
    assert read(key) is not None


def test_rows_that_share_a_table_share_its_client(lambdas: Lambdas) -> None:
    class Other(Row):
        class Meta:
            table_name = Table("control_table")

        key = UnicodeAttribute(hash_key=True)

    assert Other._get_connection().connection is Thing._get_connection().connection is store.connection()


def test_single_writes_are_told_in_the_same_words(key: str) -> None:
    with pytest.raises(ConditionFailed), store.translated():
        Thing(key).save(condition=Thing.key.exists())
    with pytest.raises(Thing.DoesNotExist), store.translated():
        Thing.get(key)
