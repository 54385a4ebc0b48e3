"""A function's log: once, followed as text, and as events that can be resumed."""

import httpx
import pytest

COUNT = "import itertools, time\nfor n in itertools.count(): print('line', n, flush=True); time.sleep(0.1)"


@pytest.fixture
def follow(stack, tenant):
    """The lines of a stream as they arrive."""

    def start(**headers):
        return httpx.stream(
            "GET",
            f"{stack.url}/v1/functions/hello/logs?follow=true&tail=5",
            headers={"Authorization": f"Bearer {tenant.user.token}", **headers},
            timeout=30,
        )

    return start


def test_they_are_there_as_soon_as_something_was_printed(tenant, eventually):
    tenant.running(program="import time\nprint('one'); print('two', flush=True)\nwhile True: time.sleep(60)")
    eventually(lambda: tenant.logs() == "one\ntwo\n", within=20)
    assert tenant.logs(tail=1) == "two\n"
    assert tenant.logs(tail=0) == ""
    moment, _, text = tenant.logs(tail=1, timestamps="true").partition(" ")
    assert text == "two\n"
    assert moment.startswith("20")


def test_those_of_all_replicas_are_merged_by_time(tenant, eventually):
    say_who = "import os, time\nwhile True: print(os.getpid(), flush=True); time.sleep(0.05)"
    tenant.running(program=say_who, replicas=2)
    eventually(lambda: len(set(tenant.logs().split())) == 2, within=20)
    times = [line.split()[0] for line in tenant.logs(timestamps="true").splitlines()]
    assert times == sorted(times)


def test_they_are_followed_as_text(tenant, follow):
    tenant.running(program=COUNT)
    with follow() as response:
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        lines = response.iter_lines()
        numbers = [int(next(lines).removeprefix("line ")) for _ in range(15)]
    assert numbers == list(range(numbers[0], numbers[0] + 15))


def test_they_are_followed_as_events_and_resumed_after_the_last_one_seen(tenant, follow):
    tenant.running(program=COUNT)
    with follow(accept="text/event-stream") as response:
        assert response.headers["content-type"] == "text/event-stream"
        first = _events(response, 8)
    with follow(accept="text/event-stream", **{"last-event-id": first[-1][0]}) as response:
        second = _events(response, 3)
    begin = first[0][1]
    assert [number for _, number in first] == list(range(begin, begin + 8))
    # What was printed in the meantime beyond `tail` is skipped, but nothing comes twice.
    assert second[0][1] > first[-1][1]
    assert [number for _, number in second] == list(range(second[0][1], second[0][1] + 3))


def test_a_follower_sees_the_pods_that_come_later(tenant, follow):
    say_colour = "import os, time\nprint(os.environ['COLOUR'], flush=True)\nwhile True: time.sleep(60)"
    tenant.running(program=say_colour, env={"COLOUR": "red"})
    with follow() as response:
        lines = response.iter_lines()
        assert next(lines) == "red"
        tenant("PATCH", "/v1/functions/hello", json={"env": {"COLOUR": "blue"}})
        assert next(lines) == "blue"


def test_a_crashed_container_has_said_why(tenant, eventually):
    tenant.create(program="print(1 / 0)")
    eventually(lambda: "ZeroDivisionError" in tenant.logs(), within=30)


def _events(response, count):
    found, id = [], ""
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "id":
            id = value
        elif field == "data":
            found.append((id, int(value.removeprefix("line "))))
        if len(found) == count:
            break
    return found
