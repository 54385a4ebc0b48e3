"""Requests without a client: signed, tried again while that may help, and told in one kind of error."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

from shared import aws
from shared.errors import Unavailable
from tests.inprocess import Lambdas


class _Answer:
    def __init__(self, status: int, body: object = None) -> None:
        self.status_code = status
        self.content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()


@pytest.fixture
def answers(lambdas: Lambdas, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Answers requests with these, one after the other and the last for ever; returns the requests."""

    def install(*given: Any) -> list[Any]:
        sent: list[Any] = []

        def send(_: URLLib3Session, request: Any) -> Any:
            sent.append(request)
            answer = given[min(len(sent), len(given)) - 1]
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(URLLib3Session, "send", send)
        monkeypatch.setattr(aws, "_PAUSE", 0)
        return sent

    return install


GOOD = _Answer(200, {"MessageId": "1"})
LOST = ConnectionClosedError(endpoint_url="http://127.0.0.1")


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(LOST, id="a connection that was closed while we slept"),
        pytest.param(_Answer(500), id="a failure of theirs"),
        pytest.param(_Answer(503, b"<html>"), id="a failure that is no JSON"),
        pytest.param(_Answer(429), id="too many"),
        pytest.param(_Answer(400, {"__type": "com.amazonaws.sqs#ThrottlingException"}), id="throttled"),
    ],
)
def test_what_may_pass_is_tried_again(first: Any, answers: Callable[..., list[Any]]) -> None:
    sent = answers(first, GOOD)
    assert aws.call("sqs", "SendMessage", {}) == {"MessageId": "1"}
    assert len(sent) == 2


def test_it_is_not_tried_for_ever(answers: Callable[..., list[Any]]) -> None:
    sent = answers(LOST)
    with pytest.raises(aws.AwsError, match="sqs does not answer: ConnectionClosedError") as error:
        aws.call("sqs", "SendMessage", {})
    assert error.value.code == "Unreachable"
    assert len(sent) == 3


def test_a_considered_no_is_not_asked_again(answers: Callable[..., list[Any]]) -> None:
    sent = answers(
        _Answer(400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"})
    )
    with pytest.raises(aws.AwsError, match="no such queue") as error:
        aws.call("sqs", "SendMessage", {})
    assert error.value.code == "QueueDoesNotExist"
    assert len(sent) == 1


def test_a_request_is_signed_and_says_what_it_wants(answers: Callable[..., list[Any]]) -> None:
    sent = answers(GOOD)
    aws.call("sqs", "SendMessage", {})
    (request,) = sent
    assert request.headers["X-Amz-Target"] == "AmazonSQS.SendMessage"
    assert request.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert "eu-central-1/sqs/aws4_request" in str(request.headers["Authorization"])


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"AWS_ENDPOINT_URL": ""}, "https://sqs.eu-central-1.amazonaws.com/"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1/"),
        ({"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:2/"}, "http://127.0.0.1:2/"),
    ],
)
def test_where_a_request_goes(
    variables: dict[str, str], url: str, answers: Callable[..., list[Any]], configured: Callable[..., None]
) -> None:
    configured(**variables)
    sent = answers(GOOD)
    aws.call("sqs", "SendMessage", {})
    assert sent[0].url == url


def test_a_secret_that_cannot_be_read_is_read_again_next_time(answers: Callable[..., list[Any]]) -> None:
    name = "a secret of this test"
    answers(_Answer(400, {"__type": "ResourceNotFoundException"}), _Answer(200, {"SecretString": "x"}))
    with pytest.raises(Unavailable):
        aws.secret(name)
    assert [aws.secret(name), aws.secret(name)] == ["x", "x"]
