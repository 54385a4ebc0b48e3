"""Schedules fire at start-up and on the beat, and do not pile up."""

import asyncio
import time
from typing import Any

import pytest

from local.template import Schedule

ARN = "arn:aws:events:eu-central-1:123456789012:rule/"


def test_the_event_is_the_one_that_eventbridge_makes(stack: Any) -> None:
    events: list[dict[str, Any]] = []

    async def handler(event: dict[str, Any]) -> None:
        events.append(event)

    before = time.time()
    stack.play(handler, Schedule(3600), until=lambda: bool(events))
    [event] = events
    assert event.pop("id")
    fired = time.mktime(time.strptime(event.pop("time"), "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert abs(fired - before) < 60
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "region": "eu-central-1",
        "resources": [f"{ARN}{stack.name}-It"],
        "detail": {},
    }


def test_it_fires_on_every_beat_though_the_function_fails(stack: Any) -> None:
    events: list[dict[str, Any]] = []

    async def handler(event: dict[str, Any]) -> None:
        events.append(event)
        raise RuntimeError("failed")

    stack.play(handler, Schedule(0.2), until=lambda: len(events) == 4)
    assert len({event["id"] for event in events}) == 4


def test_beats_are_skipped_while_two_still_run(stack: Any, caplog: pytest.LogCaptureFixture) -> None:
    running: list[int] = []

    async def handler(_: dict[str, Any]) -> None:
        running.append(1)
        await asyncio.sleep(600)

    stack.play(handler, Schedule(0.05), until=lambda: caplog.text.count("this beat is skipped") >= 3)
    assert len(running) == 2
