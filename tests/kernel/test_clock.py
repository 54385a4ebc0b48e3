import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock

MILLISECONDS = st.integers(0, (1 << 48) - 1)
RANDOMNESS = st.integers(0, (1 << 74) - 1)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=st.just(UTC))


@given(MILLISECONDS, RANDOMNESS, MILLISECONDS, RANDOMNESS)
def test_ids_sort_as_their_times_do(one: int, noise: int, other: int, more_noise: int) -> None:
    ids = clock.uuid7(one, noise), clock.uuid7(other, more_noise)
    if one != other:
        assert (ids[0] < ids[1]) is (one < other)


@given(MILLISECONDS, RANDOMNESS)
def test_an_id_is_a_uuid_of_version_7(milliseconds: int, noise: int) -> None:
    made = uuid.UUID(clock.uuid7(milliseconds, noise))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == milliseconds


@given(RANDOMNESS, RANDOMNESS)
def test_all_the_randomness_is_in_the_id(noise: int, other: int) -> None:
    assert (clock.uuid7(1, noise) == clock.uuid7(1, other)) is (noise == other)


def test_ids_of_now_are_ids_and_differ() -> None:
    made = {clock.new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(map(clock.is_id, made))


@pytest.mark.parametrize("text", ["", "hello", "0" * 36, "0192-", "../" * 12, f"{uuid.UUID(int=1)}\n"])
def test_other_texts_are_no_ids(text: str) -> None:
    assert not clock.is_id(text)


@given(MOMENTS, MOMENTS)
def test_times_as_text_sort_as_times_do(one: datetime, other: datetime) -> None:
    if abs(one - other) >= timedelta(milliseconds=1):
        assert (clock.iso(one) < clock.iso(other)) is (one < other)


@given(MOMENTS)
def test_a_time_survives_being_text_to_the_millisecond(moment: datetime) -> None:
    text = clock.iso(moment)
    assert len(text) == len("2026-01-01T00:00:00.000Z")
    assert abs(clock.from_iso(text) - moment) < timedelta(milliseconds=1)


def test_times_are_told_in_utc() -> None:
    noon_in_delhi = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert clock.iso(noon_in_delhi) == "2026-01-01T06:30:00.000Z"
