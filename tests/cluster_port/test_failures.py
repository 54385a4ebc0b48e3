"""Every status that we rely on, in our words."""

import json

import pytest

from shared.cluster import failures
from shared.cluster.port import Refused
from shared.errors import Conflict, Gone, NotFound, Unavailable


def status(reason, message, **details):
    return json.dumps({"kind": "Status", "reason": reason, "message": message, "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "body", "word"),
    [
        (400, status("BadRequest", "no"), Refused),
        (401, status("Unauthorized", "no"), Unavailable),
        (403, status("Forbidden", "exceeded quota: tenant-quota"), Refused),
        (404, status("NotFound", "no"), NotFound),
        (405, status("MethodNotAllowed", "no"), Refused),
        (408, status("Timeout", "no"), Unavailable),
        (409, status("AlreadyExists", "no"), Conflict),
        (410, status("Expired", "no"), Gone),
        (413, b"too large", Refused),
        (415, status("UnsupportedMediaType", "no"), Refused),
        (422, status("Invalid", "spec.containers: Required value"), Refused),
        (425, b"", Unavailable),
        (429, status("TooManyRequests", "no"), Unavailable),
        (500, status("InternalError", "no"), Unavailable),
        (502, b"<html>Bad Gateway</html>", Unavailable),
        (503, b"[]", Unavailable),
        (504, status("ServerTimeout", "no"), Unavailable),
    ],
)
def test_words(code, body, word):
    assert type(failures.from_status(code, body)) is word


def test_a_refusal_keeps_the_clusters_own_reason_and_words():
    error = failures.from_status(403, status("Forbidden", "exceeded quota: tenant-quota"))
    assert isinstance(error, Refused)
    assert (error.reason, error.message) == ("Forbidden", "exceeded quota: tenant-quota")


def test_a_refusal_without_words_keeps_its_number():
    error = failures.from_status(413, b"too large")
    assert isinstance(error, Refused)
    assert (error.reason, error.message) == ("413", "the cluster answered 413")


def test_a_namespace_that_is_being_deleted_passes():
    causes = [{"reason": "NamespaceTerminating", "message": "namespace x is being terminated"}]
    error = failures.from_status(403, status("Forbidden", "forbidden", causes=causes))
    assert isinstance(error, Unavailable)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), (None, None), ("Wed, 21 Oct", None)])
def test_how_long_to_wait_is_the_clusters_wish(header, seconds):
    assert failures.from_status(429, b"", retry_after=header).retry_after == seconds
