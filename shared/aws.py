"""The way to AWS services other than DynamoDB.

A botocore client costs a cold start 30 to 70 ms: it reads the service's whole model for one call. Handlers
make three kinds of calls, a secret read, a message sent and a request counted, so those are requests signed
with botocore's own signer (`call`). Workers, which live longer and call more, take the real client (`sqs`).
"""

import json
import socket
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.hooks import first_non_none_response
from botocore.httpsession import URLLib3Session

from shared.config import settings
from shared.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_PAUSE = 0.05


@dataclass(frozen=True)
class Patience:
    """Seconds to connect and to wait for an answer, and how often to try."""

    connect: float
    read: float
    attempts: int


PATIENT = Patience(2, 5, attempts=3)
"""A handler has 30 s. Failing early and trying again beats waiting for one slow connection."""

HASTY = Patience(0.5, 1, attempts=1)
"""For what nobody waits for, and must not happen twice."""

# Target prefix and version of each service's JSON protocol, and botocore's name for it in events.
_PROTOCOLS = {
    "dynamodb": ("DynamoDB_20120810", "1.0", "dynamodb"),
    "sqs": ("AmazonSQS", "1.0", "sqs"),
    "secretsmanager": ("secretsmanager", "1.1", "secrets-manager"),
}


class AwsError(Exception):
    """The service said no, or nothing. `code` is its own word, or `Unreachable`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@cache
def session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def sqs() -> "SQSClient":
    config = Config(
        connect_timeout=PATIENT.connect,
        read_timeout=PATIENT.read,
        retries={"mode": "standard", "total_max_attempts": PATIENT.attempts},
    )
    made: Any = session().create_client("sqs", config=config)
    client: SQSClient = made
    return client


@cache
def secret(name: str) -> str:
    """The text of a secret, read once a process: rotation takes effect as environments are replaced."""
    try:
        text: str = call("secretsmanager", "GetSecretValue", {"SecretId": name})["SecretString"]
    except AwsError as error:
        raise Unavailable(f"a secret cannot be read now ({error.code}); try again", retry_after=1) from error
    return text


def call(
    service: str, operation: str, parameters: dict[str, Any], *, patience: Patience = PATIENT
) -> dict[str, Any]:
    """One request to a JSON service, tried again while that may help. Raises AwsError."""
    body = json.dumps(parameters)
    failure = AwsError("Unreachable", f"{service} does not answer")
    for attempt in range(patience.attempts):
        if attempt:
            time.sleep(_PAUSE * 2**attempt)
        try:
            status, answer = _send(service, operation, body, patience)
        except (HTTPClientError, BotoCoreError) as error:
            failure = AwsError("Unreachable", f"{service} does not answer: {type(error).__name__}")
            continue
        if status == 200:
            return answer
        code = str(answer.get("__type", status)).rpartition("#")[2]
        failure = AwsError(code, str(answer.get("message") or answer.get("Message") or ""))
        if status < 500 and status != 429 and "Throttl" not in code:
            break
    raise failure


def _send(service: str, operation: str, body: str, patience: Patience) -> tuple[int, dict[str, Any]]:
    target, version, hyphenated = _PROTOCOLS[service]
    region = session().get_config_variable("region")
    headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": f"{target}.{operation}"}
    request = AWSRequest("POST", _endpoint(service, region), data=body, headers=headers)
    credentials = session().get_credentials()
    if credentials is None:
        raise AwsError("NoCredentials", "this process has no AWS credentials")
    SigV4Auth(credentials, service, region).add_auth(request)
    prepared = request.prepare()
    # The same event that a client emits: whoever listens on the session (tracing, tests) misses nothing, and
    # may answer in the service's place.
    heard = session().emit(f"before-send.{hyphenated}.{operation}", request=prepared)
    response = first_non_none_response(heard) or _connections(patience).send(prepared)
    try:
        answer: dict[str, Any] = json.loads(response.content or b"{}")
    except ValueError:
        answer = {}
    return response.status_code, answer


def _endpoint(service: str, region: str) -> str:
    own = {
        "dynamodb": settings().aws_endpoint_url_dynamodb,
        "secretsmanager": settings().aws_endpoint_url_secretsmanager,
        "sqs": settings().aws_endpoint_url_sqs,
    }
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    endpoint = own[service] or settings().aws_endpoint_url or f"https://{service}.{region}.{suffix}"
    return endpoint.rstrip("/") + "/"


@cache
def _connections(patience: Patience) -> URLLib3Session:
    timeout: Any = (patience.connect, patience.read)  # botocore passes a pair as well; its stubs know of one
    # Without it, header and body go out in two packets, and the second waits 40 ms for the first's receipt.
    at_once: Any = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    return URLLib3Session(timeout=timeout, socket_options=at_once)
