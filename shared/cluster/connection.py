"""The cluster of this deployment: the kubeconfig in its secret, read once a process."""

from collections.abc import Callable
from functools import cache

import yaml
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.kube_config import load_kube_config_from_dict
from urllib3.util.retry import Retry

from shared import aws
from shared.cluster.adapter import Kubernetes
from shared.config import settings
from shared.errors import Unavailable

# Only what may be sent twice; statuses are for the caller to judge, and a Retry-After must not sleep in here.
_RETRY = Retry(
    total=2,
    status=0,
    allowed_methods={"GET", "PATCH", "DELETE"},
    backoff_factor=0.1,
    respect_retry_after_header=False,
)
_CONNECTIONS = 24


@cache
def cluster() -> Kubernetes:
    """After a 401 the next call reads the secret again: it may have been rotated."""
    return connect(aws.secret(settings().cluster_secret), on_unauthorized=_forget)


def connect(kubeconfig: str, *, on_unauthorized: Callable[[], None] | None = None) -> Kubernetes:
    """A kubeconfig document, in YAML or JSON. Nothing is sent yet."""
    configuration = Configuration()
    configuration.retries = _RETRY
    configuration.keep_alive = True
    configuration.connection_pool_maxsize = _CONNECTIONS
    try:
        document = yaml.safe_load(kubeconfig)
        load_kube_config_from_dict(  # type: ignore[no-untyped-call]  # it ships no types
            document, client_configuration=configuration, persist_config=False
        )
    except (yaml.YAMLError, ConfigException, TypeError, AttributeError) as error:
        # The document holds keys and tokens: neither it nor the parser's quotation of it may be shown.
        raise Unavailable(
            "CLUSTER_SECRET does not hold a usable kubeconfig (clusters, users, contexts, current-context): "
            f"{type(error).__name__}"
        ) from None
    return Kubernetes(ApiClient(configuration), on_unauthorized=on_unauthorized)


def _forget() -> None:
    aws.secret.cache_clear()
    cluster.cache_clear()
