import pytest

from shared.functions import rules
from shared.functions.models import is_name


@pytest.mark.parametrize(
    ("text", "name", "verb"),
    [
        ("hello:invoke", "hello", "invoke"),
        ("hello", "hello", ""),
        ("hello:", "hello", ""),
        (":invoke", "", "invoke"),
        ("a:b:invoke", "a:b", "invoke"),
        ("", "", ""),
    ],
)
def test_the_last_part_of_a_path_is_a_name_and_a_verb(text: str, name: str, verb: str) -> None:
    assert rules.name_and_verb(text) == (name, verb)


def test_an_unknown_name_is_told_as_far_as_it_fits() -> None:
    assert rules.unknown("hello").message == "function 'hello' not found"
    assert len(rules.unknown("x" * 10_000).message) < 200


@pytest.mark.parametrize("text", ["hello", "a", "0", "a" * 60])
def test_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", "~hello~1", "Hello", "a" * 61, "a\n", "a.b", "-a", "a-", "é"])
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)
