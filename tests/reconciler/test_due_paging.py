"""What keeps failing at the head of the due index does not hide what waits behind it."""

from collections.abc import Iterator

import pytest

from shared import clock
from shared.cluster.labels import RunKey
from shared.reconciler.records import Stored
from shared.runs import store as runs_store


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five runs are due, two a page; the list counts how many were read."""
    read: list[int] = []

    def due(shard: int, now: object) -> Iterator[str]:
        for number in range(5 if shard == 0 else 0):
            read.append(number)
            yield f"run-{number}"

    monkeypatch.setattr(runs_store, "due", due)
    monkeypatch.setattr(runs_store, "DUE_PAGE", 2)
    monkeypatch.setattr("shared.functions.store.due", lambda shard, now: iter(()))
    return read


def test_only_the_first_page_is_read_while_it_has_news(waiting: list[int]) -> None:
    assert list(Stored(1).due(clock.now())) == [RunKey("run-0"), RunKey("run-1")]
    assert len(waiting) == 2


def test_pages_of_what_is_known_to_wait_are_passed(waiting: list[int]) -> None:
    stuck = {RunKey("run-0"), RunKey("run-1")}
    assert RunKey("run-2") in set(Stored(1).due(clock.now(), known=stuck.__contains__))


def test_all_known_ends_with_the_index(waiting: list[int]) -> None:
    assert len(list(Stored(1).due(clock.now(), known=lambda _: True))) == 5
