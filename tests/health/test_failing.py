import threading

from shared.health.service import failing


def test_what_answers_is_not_named_and_what_does_not_is_named_with_the_reason():
    def refuse():
        raise ConnectionRefusedError

    assert failing({"database": refuse, "queue": dict}) == {"database": "ConnectionRefusedError"}


def test_one_that_hangs_has_failed_and_holds_up_nobody():
    answered = threading.Event()
    try:
        assert failing({"cluster": answered.wait, "queue": dict}, seconds=0.05) == {"cluster": "Timeout"}
    finally:
        answered.set()
