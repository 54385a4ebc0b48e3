import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.limits.idempotency import Claim

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def claim(key: str = "k", *, owner: str = "alice", operation: str = "invoke/1", body: object = None) -> Claim:
    return Claim.of(key, owner=owner, operation=operation, body=body)


@pytest.mark.parametrize(
    "key", ["k", "a" * 255, '"quoted"', "  spaced  ", "8e03978e-40d5-43e8-bc93-6894a57f9324", "!~"]
)
def test_keys_that_may_be_used(key: str) -> None:
    assert claim(key).key.endswith(key.strip().strip('"'))


@pytest.mark.parametrize("key", ["", " ", '""', "a b", "a\tb", "é", "a" * 256, "a\n b", "\0"])
def test_keys_that_may_not(key: str) -> None:
    with pytest.raises(Invalid, match="1 to 255 visible ASCII characters"):
        claim(key)


def test_a_key_is_one_owners_for_one_operation() -> None:
    assert (
        len({claim().key, claim(owner="bob").key, claim(operation="invoke/2").key, claim("other").key}) == 4
    )


@given(JSON, JSON)
def test_bodies_are_alike_if_they_are_equal_as_json(one: object, other: object) -> None:
    if repr(one) == repr(other):
        assert claim(body=one).fingerprint == claim(body=other).fingerprint
    elif one != other:
        assert claim(body=one).fingerprint != claim(body=other).fingerprint


def test_the_order_of_members_says_nothing() -> None:
    assert claim(body={"a": 1, "b": 2}).fingerprint == claim(body={"b": 2, "a": 1}).fingerprint
    assert claim(body=[1, 2]).fingerprint != claim(body=[2, 1]).fingerprint


def test_a_fingerprint_does_not_show_the_body() -> None:
    assert "hunter2" not in str(claim(body={"password": "hunter2"}))
