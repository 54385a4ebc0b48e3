import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import wait_of
from shared.http.params import LONGEST_WAIT


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        pytest.param(None, 0, id="no header"),
        pytest.param("", 0, id="empty"),
        pytest.param("wait=10", 10, id="plain"),
        pytest.param("Wait=10", 10, id="names have no case"),
        pytest.param('wait="10"', 10, id="quoted"),
        pytest.param("wait = 10", 10, id="space around the sign"),
        pytest.param("respond-async, wait=10", 10, id="second of two"),
        pytest.param("wait=10, respond-async", 10, id="first of two"),
        pytest.param("wait=10; strict", 10, id="with a parameter"),
        pytest.param("return=minimal; foo=1, wait=7", 7, id="after another's parameter"),
        pytest.param("wait=3, wait=9", 3, id="only the first instance counts"),
        pytest.param("wait=0", 0, id="none"),
        pytest.param("wait=26", LONGEST_WAIT, id="longer than the gateway waits"),
        pytest.param("wait=999999999", LONGEST_WAIT, id="for ever"),
        pytest.param("wait=" + "9" * 5000, 0, id="not a number that anybody means"),
        pytest.param("wait=-1", 0, id="negative"),
        pytest.param("wait=1.5", 0, id="not whole"),
        pytest.param("wait=soon", 0, id="not a number"),
        pytest.param("wait=\N{ARABIC-INDIC DIGIT FIVE}", 0, id="digits of another script"),
        pytest.param("wait", 0, id="no value"),
        pytest.param('wait="10', 0, id="quote left open"),
        pytest.param("await=10", 0, id="another name"),
        pytest.param("foo; wait=10", 0, id="a parameter of another preference"),
        pytest.param('foo="a, wait=10"', 0, id="inside a quoted string"),
        pytest.param('foo="a\\", wait=9", wait=4', 4, id="a quote within quotes"),
        pytest.param("wait=soon, wait=4", 4, id="the first that can be honoured"),
    ],
)
def test_how_long_a_caller_prefers_to_wait(prefer: str | None, seconds: int) -> None:
    assert wait_of(prefer) == seconds


@given(st.text())
def test_any_header_is_a_wait_that_we_can_keep(prefer: str) -> None:
    assert 0 <= wait_of(prefer) <= LONGEST_WAIT
