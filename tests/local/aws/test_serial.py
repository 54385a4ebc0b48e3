"""DynamoDB is asked one thing at a time, and nothing else waits for it."""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from local.aws.serial import serialised


@pytest.mark.parametrize(
    ("target", "most"),
    [
        ("DynamoDB_20120810.PutItem", 1),
        ("DynamoDBStreams_20120810.GetRecords", 1),
        ("AmazonSQS.SendMessage", 4),
    ],
)
def test_how_many_requests_run_at_once(target: str, most: int) -> None:
    together = threading.Barrier(4)
    inside: list[int] = []
    seen: list[int] = []

    def app(_: dict[str, Any], __: Callable[..., Any]) -> Iterable[bytes]:
        inside.append(1)
        seen.append(len(inside))
        if most > 1:
            together.wait(10)
        else:
            threading.Event().wait(0.01)
        yield b"x"
        inside.pop()

    def request() -> None:
        environ = {"HTTP_X_AMZ_TARGET": target, "wsgi.input": io.BytesIO(b"{}")}
        assert b"".join(serialised(app)(environ, lambda *_: None)) == b"x"

    threads = [threading.Thread(target=request) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert max(seen) == most
