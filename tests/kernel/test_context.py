import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock, context

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
WELL_FORMED = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def test_a_callers_trace_goes_on() -> None:
    assert context.child_of(TRACE, fallback=clock.new_id()) == TRACE


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("hello", id="no trace"),
        pytest.param(TRACE.upper(), id="upper case"),
        pytest.param(TRACE + "-extra", id="more than version 00 has"),
        pytest.param(TRACE + "\n", id="line break"),
        pytest.param("ff" + TRACE[2:], id="forbidden version"),
        pytest.param("00-" + "0" * 32 + TRACE[35:], id="trace id of zeros"),
        pytest.param(TRACE[:36] + "0" * 16 + "-01", id="parent id of zeros"),
        pytest.param(TRACE[:-1], id="cut"),
    ],
)
def test_without_a_usable_trace_a_new_one_begins(offered: str | None) -> None:
    begun = context.child_of(offered, fallback=clock.new_id())
    assert begun != offered
    assert WELL_FORMED.fullmatch(begun)


@given(st.integers(0, (1 << 48) - 1), st.integers(0, (1 << 74) - 1))
def test_a_new_trace_is_well_formed_whatever_the_id(milliseconds: int, noise: int) -> None:
    assert WELL_FORMED.fullmatch(context.child_of(None, fallback=clock.uuid7(milliseconds, noise)))


@pytest.mark.parametrize("offered", ["a", "order-17", "0192f7a4-…"[:9], "a" * 128, "Root=1-5f:x/y+z@h"])
def test_ids_that_are_taken_over(offered: str) -> None:
    assert context.accepted_id(offered) == offered


@pytest.mark.parametrize(
    "offered",
    [None, "", " ", "a b", "a" * 129, "a\r\nSet-Cookie: b", "a\n", "<script>", 'a"b', "ä", "{{7*7}}", "a\0"],
)
def test_ids_that_are_not(offered: str | None) -> None:
    assert context.accepted_id(offered) == ""


@given(st.text())
def test_an_accepted_id_needs_no_quoting_anywhere(offered: str) -> None:
    accepted = context.accepted_id(offered)
    assert accepted in ("", offered)
    assert accepted.isascii()
    assert accepted.isprintable()
