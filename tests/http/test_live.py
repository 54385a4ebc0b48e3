import re
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import live
from shared.http.live import SSE_HEARTBEAT, drained, sse, sse_opening
from shared.http.replies import text_stream


@pytest.mark.parametrize(
    ("frame", "wire"),
    [
        (sse("hello"), b"data: hello\n\n"),
        (sse("hello", id="7"), b"id: 7\ndata: hello\n\n"),
        (sse("hello", id="7", event="line"), b"event: line\nid: 7\ndata: hello\n\n"),
        (sse("two\nlines"), b"data: two\ndata: lines\n\n"),
        (sse("10 %\r20 %\r\ndone"), b"data: 10 %\ndata: 20 %\ndata: done\n\n"),
        (sse(""), b"data: \n\n"),
        (sse_opening(), b"retry: 1000\n\n"),
        (SSE_HEARTBEAT, b": still here\n\n"),
    ],
)
def test_frames_of_an_event_stream(frame: bytes, wire: bytes) -> None:
    assert frame == wire


def _parsed(stream: bytes) -> list[str]:
    """As the specification says: fields line by line, an event at every empty line."""
    events: list[str] = []
    data: list[str] = []
    for line in re.split(r"\r\n|\n|\r", stream.decode()):
        name, _, value = line.partition(":")
        if line == "" and data:
            events.append("\n".join(data))
            data = []
        elif name == "data":
            data.append(value.removeprefix(" "))
    return events


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_what_is_framed_is_read_back(texts: list[str]) -> None:
    lines = [re.sub(r"\r\n|\r", "\n", text) for text in texts]
    assert _parsed(b"".join(sse(text) for text in texts)) == lines


def test_a_finished_stream_is_answered_whole() -> None:
    assert drained(iter([b"a", b"b"])) == b"ab"


def test_a_stream_that_says_nothing_is_an_empty_answer() -> None:
    assert drained(iter([])) == b""


def test_it_answers_soon_after_there_is_something_to_say() -> None:
    closed = threading.Event()

    def chunks() -> Iterator[bytes]:
        try:
            yield b"now"
            time.sleep(0.5)
            yield b"later"
            yield b"never"
        finally:
            closed.set()

    assert drained(chunks(), seconds=30) == b"now"
    assert closed.wait(5), "the generator ends once it notices"


def test_it_holds_while_there_is_only_a_sign_of_life() -> None:
    def chunks() -> Iterator[bytes]:
        yield sse_opening()
        yield SSE_HEARTBEAT
        time.sleep(0.4)
        yield sse("something")

    assert drained(chunks(), seconds=30) == sse_opening() + SSE_HEARTBEAT + sse("something")


@pytest.mark.parametrize("chunk", [b"chatter\n", SSE_HEARTBEAT])
def test_it_answers_when_the_time_is_up_however_much_comes(chunk: bytes) -> None:
    def for_ever() -> Iterator[bytes]:
        while True:
            yield chunk
            time.sleep(0.01)

    assert drained(for_ever(), seconds=0.3).startswith(chunk)


def test_it_answers_when_there_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_ENOUGH", 10)

    def flood() -> Iterator[bytes]:
        while True:
            yield b"12345"

    assert drained(flood(), seconds=30) == b"1234512345"


def test_what_came_before_a_failure_is_answered() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"so far"
        raise RuntimeError("the cluster went away")

    assert drained(chunks(), seconds=30) == b"so far"


class _Host:
    """What a route sees of its Api."""

    def live(self, chunks: Iterator[bytes], *, content_type: str) -> tuple[str, bytes]:
        return content_type, b"".join(chunks)


LINES = [("1", "one"), None, ("2", "two")]


@pytest.mark.parametrize("accept", [None, "", "*/*", "text/plain", "application/json"])
def test_lines_are_text(accept: str | None) -> None:
    assert text_stream(_Host(), LINES, accept=accept) == (  # type: ignore[arg-type,comparison-overlap]  # a stand-in
        "text/plain; charset=utf-8",
        b"one\ntwo\n",
    )


@pytest.mark.parametrize("accept", ["text/event-stream", "text/event-stream, */*;q=0.1"])
def test_lines_are_events_to_who_accepts_them(accept: str) -> None:
    assert text_stream(_Host(), LINES, accept=accept) == (  # type: ignore[arg-type,comparison-overlap]  # a stand-in
        "text/event-stream",
        sse_opening() + sse("one", id="1") + SSE_HEARTBEAT + sse("two", id="2"),
    )
