"""Each key once, never by two threads, again if it changes meanwhile."""

import threading
import time

import pytest

from shared.cluster.labels import RunKey
from shared.reconciler.keys import Keys

A, B = RunKey("a"), RunKey("b")


@pytest.fixture
def keys():
    made = Keys()
    yield made
    made.close()


def test_in_the_order_of_arrival_and_each_once(keys):
    for key in (A, B, A):
        keys.add(key)
    assert [keys.take(), keys.take()] == [A, B]
    keys.done(A)
    keys.done(B)
    assert keys.idle()


def test_what_changes_while_it_is_settled_is_settled_again(keys):
    keys.add(A)
    assert keys.take() == A
    keys.add(A)
    keys.add(B)
    assert keys.take() == B
    keys.done(A)
    assert keys.take() == A


def test_a_thread_waits_for_work(keys):
    taken = []
    thread = threading.Thread(target=lambda: taken.append(keys.take()))
    thread.start()
    keys.add(A)
    thread.join(5)
    assert taken == [A]


def test_closing_sends_all_threads_home(keys):
    threads = [threading.Thread(target=keys.take) for _ in range(3)]
    for thread in threads:
        thread.start()
    keys.close()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_later_is_later_and_the_earliest_counts(keys):
    keys.add_later(A, 60)
    keys.add_later(B, 0.02)
    keys.add_later(A, 0.01)
    keys.add_later(A, 30)
    assert [keys.take(), keys.take()] == [A, B]


def test_a_change_does_not_wait_for_the_time(keys):
    keys.add_later(A, 60)
    keys.add(A)
    assert keys.take() == A
    keys.done(A)
    assert keys.idle()


def test_a_failure_is_tried_again_ever_later(keys):
    pauses = [keys.failed(A) for _ in range(10)]
    assert pauses[:3] == [0.2, 0.4, 0.8]
    assert pauses[-1] == 30.0
    keys.succeeded(A)
    assert keys.failed(A) == 0.2


def test_what_waits_after_a_failure_is_not_due_before(keys):
    keys.failed(A)
    keys.add_unless_known(A)
    assert keys.idle()
    began = time.monotonic()
    assert keys.take() == A
    assert time.monotonic() > began


def test_what_is_due_and_unknown_is_taken(keys):
    keys.add_unless_known(A)
    assert keys.take() == A
    keys.add_unless_known(A)
    keys.done(A)
    assert keys.idle()
