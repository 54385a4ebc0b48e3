from itertools import pairwise

import pytest

from shared import errors

REFUSALS = errors.AppError.__subclasses__()


def test_each_refusal_has_a_status_and_a_code_of_its_own() -> None:
    known = [kind for kind in REFUSALS if kind.__module__ == "shared.errors"]
    assert len({kind.code for kind in known}) == len(known)
    statuses = [kind.status for kind in known]
    assert all(before < after for before, after in pairwise(statuses)), "listed by status"


@pytest.mark.parametrize("kind", [errors.Conflict, errors.Unavailable])
def test_a_refusal_reads_as_its_message(kind: type[errors.AppError]) -> None:
    refusal = kind("what, why, what to do", retry_after=3)
    assert str(refusal) == refusal.message == "what, why, what to do"
    assert refusal.retry_after == 3


def test_a_refused_method_lists_those_that_are_taken() -> None:
    assert errors.MethodNotAllowed("no", allow=["GET", "PUT"]).allow == ("GET", "PUT")


def test_a_worker_asks_for_a_pause() -> None:
    assert errors.Temporary("busy", retry_in=7).retry_in == 7
