"""The template's tables, queues, buckets and secrets, made in an emulator. Twice is the same as once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.template import Resource, Template

# Other parts of the local platform play these, or nothing here needs them.
_NOT_MADE = (
    "AWS::ApiGateway",
    "AWS::CloudWatch::",
    "AWS::Events::",
    "AWS::IAM::",
    "AWS::Lambda::",
    "AWS::Logs::",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::Serverless::",
)
_TABLE_AS_IS = {
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "TableName",
    "Tags",
}
_TABLE_APART = {
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "StreamSpecification",
    "TimeToLiveSpecification",
}


class UnknownResource(Exception):
    """The template declares something that the local platform does not know how to make."""


@dataclass(frozen=True)
class Account:
    """Where resources are made: a client for each service, and the values that only the caller knows."""

    endpoint: str
    region: str
    secrets: Mapping[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - emulators take any
        )


def create_resources(template: Template, endpoint: str, *, secrets: Mapping[str, str] | None = None) -> None:
    """`secrets`: values by logical id, for secrets that the template leaves to be filled in."""
    account = Account(endpoint, template.region, secrets or {})
    if unknown := account.secrets.keys() - template.resources.keys():
        raise UnknownResource(f"{sorted(unknown)}: the template has no such secrets")
    wanted = [resource for resource in template.resources.values() if not resource.type.startswith(_NOT_MADE)]
    for resource in wanted:
        if resource.type not in _MAKERS:
            known = ", ".join(sorted(_MAKERS))
            raise UnknownResource(
                f"{resource.id}: a {resource.type} is not emulated locally ({known} are); "
                "teach local/aws/resources.py to make it, or list it there as not needed"
            )
    for resource_type, make in _MAKERS.items():
        if same := [resource for resource in wanted if resource.type == resource_type]:
            make(same, account)


def _tables(tables: list[Resource], account: Account) -> None:
    dynamodb = account.client("dynamodb")
    existing = {
        name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]
    }
    for table in tables:
        properties = dict(table.properties)
        if unknown := properties.keys() - _TABLE_AS_IS - _TABLE_APART:
            raise UnknownResource(f"{table.id}: table properties {sorted(unknown)} are not emulated locally")
        if table.name in existing:
            continue
        request = {name: value for name, value in properties.items() if name in _TABLE_AS_IS}
        if "StreamSpecification" in properties:
            request["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
        if properties.get("SSESpecification", {}).get("SSEEnabled"):
            request["SSESpecification"] = {"Enabled": True}
        dynamodb.create_table(**{**request, "TableName": table.name})
        dynamodb.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1})
        if ttl := properties.get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=ttl)
        if recovery := properties.get("PointInTimeRecoverySpecification"):
            dynamodb.update_continuous_backups(
                TableName=table.name, PointInTimeRecoverySpecification=recovery
            )


def _queues(queues: list[Resource], account: Account) -> None:
    sqs = account.client("sqs")
    urls = {}
    for queue in queues:
        fixed = {"FifoQueue": "true"} if queue.properties.get("FifoQueue") else {}
        try:
            urls[queue.id] = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
        except sqs.exceptions.QueueDoesNotExist:
            urls[queue.id] = sqs.create_queue(QueueName=queue.name, Attributes=fixed)["QueueUrl"]
    # Only now: a redrive policy names another queue.
    for queue in queues:
        attributes = {
            name: _attribute(value)
            for name, value in queue.properties.items()
            if name not in ("QueueName", "FifoQueue", "Tags")
        }
        if attributes:
            sqs.set_queue_attributes(QueueUrl=urls[queue.id], Attributes=attributes)


def _attribute(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _buckets(buckets: list[Resource], account: Account) -> None:
    s3 = account.client("s3")
    for bucket in buckets:
        try:
            s3.create_bucket(
                Bucket=bucket.name, CreateBucketConfiguration={"LocationConstraint": account.region}
            )
        except s3.exceptions.BucketAlreadyOwnedByYou:
            continue


def _secrets(secrets: list[Resource], account: Account) -> None:
    manager = account.client("secretsmanager")
    for secret in secrets:
        given = account.secrets.get(secret.id)
        try:
            manager.describe_secret(SecretId=secret.name)
        except manager.exceptions.ResourceNotFoundException:
            value = given if given is not None else _initial(secret, manager)
            request = {"Name": secret.name, "Description": secret.properties.get("Description", "")}
            manager.create_secret(**request, **({} if value is None else {"SecretString": value}))
        else:
            if given is not None and given != _stored(secret, manager):
                manager.put_secret_value(SecretId=secret.name, SecretString=given)


def _initial(secret: Resource, manager: Any) -> str | None:
    generate = secret.properties.get("GenerateSecretString")
    if generate is None:
        given: str | None = secret.properties.get("SecretString")
        return given
    options = dict(generate)
    template, key = options.pop("SecretStringTemplate", None), options.pop("GenerateStringKey", None)
    password: str = manager.get_random_password(**options)["RandomPassword"]
    return password if template is None else json.dumps({**json.loads(template), key: password})


def _stored(secret: Resource, manager: Any) -> str | None:
    try:
        stored: str = manager.get_secret_value(SecretId=secret.name)["SecretString"]
    except ClientError:  # a secret without a value yet
        return None
    return stored


_MAKERS: Mapping[str, Callable[[list[Resource], Account], None]] = {
    "AWS::DynamoDB::Table": _tables,
    "AWS::S3::Bucket": _buckets,
    "AWS::SQS::Queue": _queues,
    "AWS::SecretsManager::Secret": _secrets,
}
