import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import strictjson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_all_json_is_read(value: Any) -> None:
    assert strictjson.loads(json.dumps(value)) == value


@given(st.text())
def test_what_is_read_can_be_written_for_anybody(text: str) -> None:
    try:
        value = strictjson.loads(text)
    except json.JSONDecodeError:
        return
    written = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    assert strictjson.loads(written.decode()) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("{", "Expecting property name", id="cut"),
        pytest.param("", "Expecting value", id="empty"),
        pytest.param("NaN", "NaN is not a JSON number", id="not a number"),
        pytest.param('{"a": -Infinity}', "-Infinity is not a JSON number", id="infinity"),
        pytest.param("[1e999]", "1e999 is too large a number", id="infinite"),
        pytest.param("9" * 5000, "Exceeds the limit", id="digits"),
        pytest.param('"\\ud800"', "half of a surrogate pair", id="surrogate"),
        pytest.param('{"\\udc00": 1}', "half of a surrogate pair", id="surrogate in a name"),
        pytest.param("[" * 101 + "]" * 101, "more than 100 levels deep", id="deep"),
        pytest.param('{"a":' * 101 + "1" + "}" * 101, "more than 100 levels deep", id="deep objects"),
        pytest.param("[" * 100_000, "more than 100 levels deep", id="an attack"),
    ],
)
def test_what_python_would_take_or_choke_on_is_refused(text: str, why: str) -> None:
    with pytest.raises(json.JSONDecodeError, match=why):
        strictjson.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('"\\ud83d\\ude00"', "\N{GRINNING FACE}", id="a whole pair"),
        pytest.param("[[]," * 90 + "1" + "]" * 90, None, id="many brackets but few levels"),
        pytest.param('"[[[["', "[[[[", id="brackets in a text"),
    ],
)
def test_what_only_looks_like_it_is_read(text: str, value: Any) -> None:
    assert value is None or strictjson.loads(text) == value
    strictjson.loads(text)
