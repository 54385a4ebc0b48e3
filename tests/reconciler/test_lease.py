"""One holder at a time, and no voice for whoever was it before."""

from datetime import timedelta

import pytest

from shared.reconciler import lease
from tests.reconciler.fake_cluster import NOW

pytestmark = pytest.mark.usefixtures("lambdas")


@pytest.fixture(autouse=True)
def nobody_holds_it(lambdas):
    yield
    row = lease.LeaseRow("lease#reconciler")
    row.update(actions=[lease.LeaseRow.until.remove(), lease.LeaseRow.holder.remove()])


def test_only_one_holds_it():
    assert lease.acquire("first", now=NOW) is not None
    assert lease.acquire("second", now=NOW) is None


def test_each_holder_has_a_higher_fence():
    first = lease.acquire("first", now=NOW)
    lease.release(first, now=NOW)
    second = lease.acquire("second", now=NOW)
    assert second.fence == first.fence + 1


def test_fences_grow_even_if_the_row_is_lost():
    first = lease.acquire("first", now=NOW)
    lease.LeaseRow("lease#reconciler").delete()
    assert lease.acquire("second", now=NOW + timedelta(minutes=1)).fence > first.fence


def test_a_holder_that_died_is_followed_when_its_time_is_up():
    lease.acquire("first", now=NOW)
    assert lease.acquire("second", now=NOW + lease.HELD - timedelta(seconds=1)) is None
    assert lease.acquire("second", now=NOW + lease.HELD) is not None


def test_a_holder_that_renews_stays():
    held = lease.renew(lease.acquire("first", now=NOW), now=NOW + lease.RENEWED_EVERY)
    assert held.until == NOW + lease.RENEWED_EVERY + lease.HELD
    assert lease.acquire("second", now=NOW + lease.HELD) is None


def test_whoever_lost_it_learns_so_and_cannot_give_it_back():
    first = lease.acquire("first", now=NOW)
    second = lease.acquire("second", now=NOW + lease.HELD)
    assert lease.renew(first, now=NOW + lease.HELD) is None
    lease.release(first, now=NOW + lease.HELD)
    assert lease.renew(second, now=NOW + lease.HELD) is not None
