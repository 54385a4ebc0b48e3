"""AWS clients, made on first use and kept: a handler pays only for those that it calls."""

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# A handler has 30 s. Failing early and trying again beats waiting for one slow connection.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def session() -> botocore.session.Session:
    return botocore.session.get_session()


def _client(service: str) -> Any:
    return session().create_client(service, config=_CONFIG)


@cache
def sqs() -> "SQSClient":
    client: SQSClient = _client("sqs")
    return client


@cache
def secretsmanager() -> "SecretsManagerClient":
    client: SecretsManagerClient = _client("secretsmanager")
    return client


@cache
def secret(name: str) -> str:
    """The text of a secret, read once a process: rotation takes effect as environments are replaced."""
    try:
        return secretsmanager().get_secret_value(SecretId=name)["SecretString"]
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the store of secrets does not answer; try again", retry_after=1) from error
