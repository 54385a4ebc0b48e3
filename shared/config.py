"""Settings, read once from the environment. The only reader of `os.environ`; secrets have no defaults."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache


class MissingSetting(RuntimeError):
    """The deployment forgot something; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """One field an environment variable, upper-cased. template.yaml sets them in Globals."""

    tenants_table: str
    functions_table: str
    runs_table: str
    events_table: str
    control_table: str
    metrics_table: str
    work_queue_url: str
    work_dead_letters_url: str
    signing_secret: str
    """Name or ARN in Secrets Manager of `{"kid": …, "key": …}`, the key that signs tokens."""
    cluster_secret: str
    """Name or ARN in Secrets Manager of a kubeconfig."""
    stack_name: str = "eventflow"
    aws_endpoint_url: str = ""
    """As every AWS SDK reads it: another place than AWS for all services, or for one."""
    aws_endpoint_url_dynamodb: str = ""
    aws_endpoint_url_sqs: str = ""
    aws_endpoint_url_secretsmanager: str = ""
    dev_token_enabled: bool = False
    """Whether POST /auth/token hands out identities without a password."""
    functions_per_tenant: int = 100
    invocation_timeout_seconds: int = 300
    run_retention_days: int = 30
    event_retention_days: int = 90
    resync_seconds: int = 600
    """How often a converged function is looked at again although nothing seemed to happen."""
    runtime_class_name: str = ""
    """Kubernetes RuntimeClass of tenants' pods, such as gvisor. Empty: the cluster's default."""

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> "Settings":
        values: dict[str, object] = {}
        for field in fields(cls):
            text = environment.get(field.name.upper())
            if text or (text is not None and not _required(field)):
                values[field.name] = _parse(field.name, field.type, text)
        missing = [
            field.name.upper() for field in fields(cls) if _required(field) and field.name not in values
        ]
        if missing:
            raise MissingSetting(f"set {', '.join(missing)}: template.yaml sets them for deployed functions")
        return cls(**values)  # type: ignore[arg-type]  # _parse gave each value the type of its field


@cache
def settings() -> Settings:
    return Settings.load(os.environ)


def _required(field: "Field[object]") -> bool:
    return field.default is MISSING


def _parse(name: str, kind: object, text: str) -> object:
    try:
        return _PARSERS[kind](text)
    except (KeyError, ValueError) as error:
        raise MissingSetting(f"{name.upper()}={text!r} cannot be read") from error


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False, "": False}[text.lower()]


_PARSERS: dict[object, Callable[[str], object]] = {str: str, int: int, bool: _boolean}
