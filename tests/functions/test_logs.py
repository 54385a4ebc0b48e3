"""The lines of several pods as one log, against a cluster that only has logs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.cluster.port import Listing, LogQuery, Ref, Selection
from shared.errors import Conflict, NotFound, Unavailable
from shared.functions import logs, store
from shared.functions.log_models import LogLine, LogRequest, moment_of
from shared.functions.models import Function

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HELLO = Function(
    id="f1",
    owner="alice",
    name="hello",
    namespace="tenant-alice",
    image="nginx",
    replicas=2,
    created_at=NOW,
    updated_at=NOW,
)


def at(second: int, text: str) -> str:
    return f"2026-01-02T00:00:{second:02}.000000000Z {text}"


class Pods:
    """Pod → its lines; an exception in the place of lines is raised."""

    def __init__(self, **pods: Any) -> None:
        self.pods = pods
        self.asked: list[LogQuery] = []

    def list(self, kind: str, selection: Selection) -> Listing:
        assert (kind, selection.namespace) == ("Pod", "tenant-alice")
        if "missing" in self.pods:
            raise NotFound("no such namespace")
        return Listing(
            tuple(
                {"kind": "Pod", "metadata": {"name": name, "namespace": "tenant-alice"}} for name in self.pods
            ),
            "1",
        )

    def logs(self, pod: Ref, query: LogQuery) -> bytes:
        self.asked.append(query)
        lines = self.pods[pod.name]
        if isinstance(lines, Exception):
            raise lines
        kept = lines[-query.tail :] if query.tail else []
        return "".join(f"{line}\n" for line in kept).encode()

    def follow(self, pod: Ref, query: LogQuery, *, seconds: float) -> Iterator[str]:
        yield from self.pods[pod.name]


def texts(lines: Any) -> list[str]:
    return [line.text for line in lines if line is not None]


def recent(pods: Pods, **request: Any) -> list[str]:
    return texts(logs.recent(pods, HELLO, LogRequest(**request)))  # type: ignore[arg-type]  # what this needs of one


def test_lines_of_all_pods_are_in_the_order_of_their_times() -> None:
    pods = Pods(a=[at(1, "one"), at(3, "three")], b=[at(2, "two"), at(4, "four")])
    assert recent(pods) == ["one", "two", "three", "four"]


@pytest.mark.parametrize(("tail", "shown"), [(0, []), (1, ["four"]), (3, ["two", "three", "four"])])
def test_the_tail_is_that_of_all_pods_together(tail: int, shown: list[str]) -> None:
    pods = Pods(a=[at(1, "one"), at(3, "three")], b=[at(2, "two"), at(4, "four")])
    assert recent(pods, tail=tail) == shown


def test_only_what_came_after_the_last_line_seen() -> None:
    pods = Pods(a=[at(1, "one"), at(2, "two"), at(3, "three")])
    assert recent(pods, after=at(2, "").strip()) == ["three"]
    assert pods.asked[0].since == datetime(2026, 1, 2, 0, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("gone", [NotFound("gone"), Conflict("not started")])
def test_a_pod_without_a_log_yet_hides_no_other(gone: Exception) -> None:
    assert recent(Pods(a=gone, b=[at(1, "one")])) == ["one"]


def test_without_a_namespace_there_is_no_log_yet() -> None:
    assert recent(Pods(missing=[])) == []


def test_bytes_that_are_no_text_do_not_lose_the_line() -> None:
    pods = Pods(a=[])
    pods.logs = lambda *_: at(1, "caf").encode() + b"\xe9\n"  # type: ignore[method-assign]
    assert recent(pods) == ["caf\ufffd"]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "get", lambda *_: HELLO)


def follow(pods: Pods, *, seconds: float = 0.3, **request: Any) -> Iterator[LogLine | None]:
    asked = LogRequest(follow=True, **request)
    return logs.Following(pods, HELLO, asked).lines(seconds)  # type: ignore[arg-type]  # what this needs of one


def test_following_begins_with_the_tail_and_repeats_nothing(there: None) -> None:
    pods = Pods(a=[at(1, "one"), at(2, "two")], b=[at(3, "three")])
    assert texts(follow(pods, tail=2)) == ["two", "three"]


def test_following_goes_on_with_what_is_written(there: None) -> None:
    pods = Pods(a=[at(1, "one")])
    following = follow(pods, seconds=10)
    assert texts([next(following)]) == ["one"]
    pods.pods["a"].append(at(2, "two"))
    assert texts([next(following)]) == ["two"]
    following.close()  # type: ignore[attr-defined]  # it is a generator


def test_following_ends_with_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "get", lambda *_: None)
    assert texts(follow(Pods(a=[at(1, "one")]), seconds=3600)) == ["one"]


def test_a_cluster_that_does_not_answer_is_an_error_before_the_first_line() -> None:
    with pytest.raises(Unavailable):
        follow(Pods(a=Unavailable("no answer")))


def test_a_pod_that_cannot_be_followed_any_more_ends_nothing_else(there: None) -> None:
    pods = Pods(a=[at(1, "one")], b=[at(2, "two")])

    def broken(pod: Ref, *_: Any, **__: Any) -> Iterator[str]:
        if pod.name == "a":
            raise Unavailable("gone")
        yield at(3, "three")

    pods.follow = broken  # type: ignore[method-assign]
    assert texts(follow(pods)) == ["one", "two", "three"]


def test_a_line_is_a_time_and_a_text() -> None:
    line = LogLine.parse("pod", at(1, "hello world"))
    assert (line.pod, line.text) == ("pod", "hello world")
    assert line.shown(timestamps=False) == "hello world"
    assert line.shown(timestamps=True) == at(1, "hello world")


@pytest.mark.parametrize("text", ["", "zzz", "2026-13-01T00:00:00Z", "x" * 128])
def test_a_time_that_is_none_restricts_nothing(text: str) -> None:
    assert moment_of(text) is None
