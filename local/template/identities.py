"""What a resource is called once it exists: the values of `Ref` and `GetAtt`, by resource type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

NAME_PROPERTIES: Mapping[str, str] = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::LayerVersion": "LayerName",
}


@dataclass(frozen=True)
class Place:
    stack_name: str
    region: str
    account: str
    aws_endpoint: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def url(self, queue_name: str) -> str:
        return f"{self.aws_endpoint}/{self.account}/{queue_name}"


@dataclass(frozen=True)
class Identity:
    ref: str
    attributes: Mapping[str, str]


def identity(resource_type: str, name: str, place: Place) -> Identity | None:
    """None for a type whose names nothing here knows how to form."""
    make = _IDENTITIES.get(resource_type)
    return make(name, place) if make else None


def physical_name(resource_type: str, logical_id: str, place: Place) -> str:
    """What CloudFormation would generate, without its random suffix; buckets are lower case."""
    name = f"{place.stack_name}-{logical_id}"
    return name.lower() if resource_type == "AWS::S3::Bucket" else name


def _table(name: str, place: Place) -> Identity:
    arn = place.arn("dynamodb", f"table/{name}")
    return Identity(name, {"Arn": arn, "StreamArn": f"{arn}/stream/local"})


def _queue(name: str, place: Place) -> Identity:
    url = place.url(name)
    return Identity(url, {"Arn": place.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _bucket(name: str, place: Place) -> Identity:
    domain = f"{name}.s3.{place.region}.amazonaws.com"
    return Identity(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": domain})


def _secret(name: str, place: Place) -> Identity:
    # The full ARN ends in six random letters; Secrets Manager takes this shorter one just as well.
    arn = place.arn("secretsmanager", f"secret:{name}")
    return Identity(arn, {"Id": arn})


def _function(name: str, place: Place) -> Identity:
    return Identity(name, {"Arn": place.arn("lambda", f"function:{name}")})


def _layer(name: str, place: Place) -> Identity:
    arn = place.arn("lambda", f"layer:{name}:1")
    return Identity(arn, {"LayerVersionArn": arn})


def _role(name: str, place: Place) -> Identity:
    return Identity(name, {"Arn": f"arn:aws:iam::{place.account}:role/{name}", "RoleId": name})


def _policy(name: str, place: Place) -> Identity:
    arn = f"arn:aws:iam::{place.account}:policy/{name}"
    return Identity(arn, {"PolicyArn": arn})


def _log_group(name: str, place: Place) -> Identity:
    return Identity(name, {"Arn": place.arn("logs", f"log-group:{name}:*")})


def _http_api(name: str, place: Place) -> Identity:
    endpoint = f"https://{name}.execute-api.{place.region}.amazonaws.com"
    return Identity(name, {"ApiId": name, "ApiEndpoint": endpoint})


def _alarm(name: str, place: Place) -> Identity:
    return Identity(name, {"Arn": place.arn("cloudwatch", f"alarm:{name}")})


def _key(name: str, place: Place) -> Identity:
    return Identity(name, {"Arn": place.arn("kms", f"key/{name}"), "KeyId": name})


_IDENTITIES: Mapping[str, Callable[[str, Place], Identity]] = {
    "AWS::ApiGatewayV2::Api": _http_api,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::ManagedPolicy": _policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": _queue,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Serverless::Function": _function,
    "AWS::Serverless::HttpApi": _http_api,
    "AWS::Serverless::LayerVersion": _layer,
}
