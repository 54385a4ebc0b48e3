import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.store import cursor_of, key_of

KEY = {"owner": {"S": "alice"}, "key": {"S": "hello"}, "created": {"S": "2026-01-01#1"}}


def read(cursor: str | None, *, owner: str = "alice") -> dict[str, Any] | None:
    return key_of(cursor, within={"owner": owner}, names={"key", "created"})


def made(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_cursor_leads_back_to_its_key() -> None:
    cursor = cursor_of(KEY)
    assert cursor is not None
    assert read(cursor) == KEY


def test_no_key_no_cursor() -> None:
    assert cursor_of(None) is None
    assert read(None) is None


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_any_key_survives(name: str, created: str) -> None:
    key = {"owner": {"S": "alice"}, "key": {"S": name}, "created": {"S": created}}
    cursor = cursor_of(key)
    assert cursor is not None
    assert cursor.isascii()
    assert not set(cursor) & set("=+/&? ")
    assert read(cursor) == key


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("abc", id="not JSON"),
        pytest.param("%%%", id="not base64"),
        pytest.param("é", id="not ASCII"),
        pytest.param("a b", id="a space"),
        pytest.param(str(cursor_of(KEY))[:-3], id="truncated"),
        pytest.param(str(cursor_of(KEY)) + "!", id="trailing"),
        pytest.param(made([KEY]), id="a list"),
        pytest.param(made("text"), id="a text"),
        pytest.param(made(None), id="null"),
        pytest.param(made({}), id="an empty key"),
        pytest.param(made(KEY | {"owner": {"S": "bob"}}), id="another tenant's"),
        pytest.param(made({"owner": {"S": "alice"}}), id="only the tenant"),
        pytest.param(made(KEY | {"more": {"S": "x"}}), id="an attribute more"),
        pytest.param(made(KEY | {"key": "hello"}), id="without types"),
        pytest.param(made(KEY | {"key": {"N": "1"}}), id="of another type"),
        pytest.param(made(KEY | {"key": {"S": 1}}), id="of the wrong type"),
        pytest.param(made(KEY | {"key": {"S": "a", "N": "1"}}), id="of two types"),
        pytest.param(made(KEY | {"key": {"S": ""}}), id="an empty value"),
        pytest.param(made(KEY | {"key": {"S": "é" * 513}}), id="longer than a sort key may be"),
        pytest.param(made(KEY | {"key": {"S": "\ud800"}}), id="half a surrogate pair"),
        pytest.param(base64.urlsafe_b64encode(b"[" * 1500).decode().rstrip("="), id="deep"),
        pytest.param(base64.urlsafe_b64encode(b"\xff\xfe").decode().rstrip("="), id="not UTF-8"),
    ],
)
def test_what_is_no_cursor_of_the_list_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="not one of this list") as refusal:
        read(cursor)
    assert [field.field for field in refusal.value.fields] == ["cursor"]


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_a_refusal(text: str) -> None:
    with pytest.raises(Invalid):
        read(text)
