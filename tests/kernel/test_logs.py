import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import context
from shared.logs import log, redacted

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        pytest.param("Bearer abc.def-ghi", "Bearer [redacted]", id="bearer"),
        pytest.param("authorization: bearer abc", "authorization: bearer [redacted]", id="any case"),
        pytest.param(f"got {JWT} here", "got [redacted] here", id="token in a sentence"),
        pytest.param(f"{JWT[:-10]}", "[redacted]", id="token cut short"),
        pytest.param("key ef_live_0aB9-_x", "key [redacted]", id="live key"),
        pytest.param("key ef_test_0aB9", "key [redacted]", id="test key"),
        pytest.param("svc_0aB9", "[redacted]", id="service token"),
        pytest.param("ce_dev_0aB9", "[redacted]", id="engine key"),
        pytest.param("nothing to hide", "nothing to hide", id="plain"),
        pytest.param({"token": "x"}, {"token": "[redacted]"}, id="key says token"),
        pytest.param({"X-Api-Key": "x"}, {"X-Api-Key": "[redacted]"}, id="header"),
        pytest.param({"apikey": "x"}, {"apikey": "[redacted]"}, id="api key as one word"),
        pytest.param({"Set-Cookie": ["a"]}, {"Set-Cookie": "[redacted]"}, id="list under a telling key"),
        pytest.param({"db_password": 1}, {"db_password": "[redacted]"}, id="number under a telling key"),
        pytest.param({"kubeconfig": {"a": 1}}, {"kubeconfig": "[redacted]"}, id="object"),
        pytest.param({"a": [{"secret": "x"}]}, {"a": [{"secret": "[redacted]"}]}, id="deep"),
        pytest.param(("Bearer x", 1), ["Bearer [redacted]", 1], id="tuple"),
        pytest.param({"name": "hello", "n": 3}, {"name": "hello", "n": 3}, id="the rest stays"),
        pytest.param(None, None, id="nothing"),
        pytest.param(ValueError("Bearer x"), "Bearer [redacted]", id="exception"),
        pytest.param(b"Bearer x", "b'Bearer [redacted]'", id="bytes"),
    ],
)
def test_what_opens_a_door_is_not_logged(said: Any, logged: Any) -> None:
    assert redacted(said) == logged


@given(
    st.recursive(
        st.text() | st.integers() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_no_token_survives_wherever_it_is(value: Any) -> None:
    hidden = json.dumps(redacted({"outer": [value, f"x {JWT} y", {"k": JWT}], "v": value}))
    assert JWT not in hidden


@pytest.fixture
def lines() -> Iterator[Any]:
    """What was logged so far, as objects."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log.registered_formatter)
    powertools: logging.Logger = log._logger
    powertools.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    powertools.removeHandler(handler)


def test_a_line_is_an_object_with_the_ids_of_its_request(lines: Any) -> None:
    context.enter(context.Trace("request-1", "order-17", ""))
    log.info("run finished", run="r1", seconds=3.2)
    context.enter(context.Trace())
    (line,) = lines()
    assert (line["message"], line["run"], line["seconds"]) == ("run finished", "r1", 3.2)
    assert (line["request_id"], line["correlation_id"]) == ("request-1", "order-17")
    assert line["level"] == "INFO"


def test_an_exception_is_logged_without_its_credentials(lines: Any) -> None:
    def call() -> None:
        raise RuntimeError(f"refused: Authorization: Bearer {JWT}")

    try:
        call()
    except RuntimeError:
        log.exception("call failed")
    (line,) = lines()
    assert JWT not in json.dumps(line)
    assert "[redacted]" in line["exception"]
    assert "RuntimeError" in line["exception_name"]
