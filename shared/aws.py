"""The way to AWS services other than DynamoDB.

A botocore client costs a cold start 30 to 70 ms: it reads the service's whole model for one call. Handlers
make two kinds of calls, a secret read and a message sent, so those are requests signed with botocore's own
signer (`call`). Workers, which live longer and call more, take the real client (`sqs`).
"""

import json
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session

from shared.config import settings
from shared.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# A handler has 30 s. Failing early and trying again beats waiting for one slow connection.
_CONNECT_SECONDS, _READ_SECONDS = 2, 5
_ATTEMPTS = 3
_PAUSE = 0.05

# Target prefix and version of each service's JSON protocol, and botocore's name for it in events.
_PROTOCOLS = {
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
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
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


def call(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """One request to a JSON service, tried again while that may help. Raises AwsError."""
    body = json.dumps(parameters)
    failure = AwsError("Unreachable", f"{service} does not answer")
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE * 2**attempt)
        try:
            status, answer = _send(service, operation, body)
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


def _send(service: str, operation: str, body: str) -> tuple[int, dict[str, Any]]:
    target, version, hyphenated = _PROTOCOLS[service]
    region = session().get_config_variable("region")
    headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": f"{target}.{operation}"}
    request = AWSRequest("POST", _endpoint(service, region), data=body, headers=headers)
    credentials = session().get_credentials()
    if credentials is None:
        raise AwsError("NoCredentials", "this process has no AWS credentials")
    SigV4Auth(credentials, service, region).add_auth(request)
    prepared = request.prepare()
    # The same event that a client emits: whoever listens on the session (tracing, tests) misses nothing.
    session().emit(f"before-send.{hyphenated}.{operation}", request=prepared)
    response = _connections().send(prepared)
    try:
        answer: dict[str, Any] = json.loads(response.content or b"{}")
    except ValueError:
        answer = {}
    return response.status_code, answer


def _endpoint(service: str, region: str) -> str:
    own = {
        "sqs": settings().aws_endpoint_url_sqs,
        "secretsmanager": settings().aws_endpoint_url_secretsmanager,
    }
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return (own[service] or settings().aws_endpoint_url or f"https://{service}.{region}.{suffix}").rstrip(
        "/"
    ) + "/"


@cache
def _connections() -> URLLib3Session:
    timeout: Any = (_CONNECT_SECONDS, _READ_SECONDS)  # botocore passes a pair as well; its stubs know of one
    return URLLib3Session(timeout=timeout)
