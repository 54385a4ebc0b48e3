"""Everything that the template declares exists afterwards, and making it again changes nothing."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.aws.resources import UnknownResource, create_resources
from local.template import Resource, Template, load

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def template(endpoint: str) -> Template:
    """The real one, under a stack name of its own."""
    return load(PROJECT / "template.yaml", aws_endpoint=endpoint, stack_name=f"test-{uuid.uuid4().hex[:8]}")


def of_type(template: Template, name: str) -> list[Resource]:
    return [resource for resource in template.resources.values() if resource.type == name]


def test_tables_have_the_indexes_streams_and_expiry_of_the_template(
    template: Template, endpoint: str, remote: Callable[[str], Any]
) -> None:
    create_resources(template, endpoint)
    dynamodb = remote("dynamodb")
    assert of_type(template, "AWS::DynamoDB::Table")
    for table in of_type(template, "AWS::DynamoDB::Table"):
        made = dynamodb.describe_table(TableName=table.name)["Table"]
        wanted = table.properties
        assert made["KeySchema"] == wanted["KeySchema"]
        assert {
            index["IndexName"]: index["KeySchema"] for index in made.get("GlobalSecondaryIndexes", [])
        } == {index["IndexName"]: index["KeySchema"] for index in wanted.get("GlobalSecondaryIndexes", [])}
        stream = made.get("StreamSpecification", {}).get("StreamViewType")
        assert stream == wanted.get("StreamSpecification", {}).get("StreamViewType")
        assert made["SSEDescription"]["Status"] == "ENABLED"
        expiry = dynamodb.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        assert expiry.get("AttributeName") == wanted.get("TimeToLiveSpecification", {}).get("AttributeName")
        backups = dynamodb.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_queues_are_where_the_functions_look_for_them_with_their_dead_letters(
    template: Template, endpoint: str, remote: Callable[[str], Any]
) -> None:
    create_resources(template, endpoint)
    sqs = remote("sqs")
    url = next(iter(template.functions.values())).environment["WORK_QUEUE_URL"]
    assert sqs.get_queue_url(QueueName=template.resources["WorkQueue"].name)["QueueUrl"] == url
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    wanted = template.resources["WorkQueue"].properties
    assert attributes["VisibilityTimeout"] == str(wanted["VisibilityTimeout"])
    assert json.loads(attributes["RedrivePolicy"]) == wanted["RedrivePolicy"]


def test_secrets_are_generated_once_or_given(
    template: Template, endpoint: str, remote: Callable[[str], Any]
) -> None:
    variables = next(iter(template.functions.values())).environment
    manager = remote("secretsmanager")

    def value(variable: str) -> str:
        secret: str = manager.get_secret_value(SecretId=variables[variable])["SecretString"]
        return secret

    create_resources(template, endpoint, secrets={"ClusterSecret": "first"})
    signing = json.loads(value("SIGNING_SECRET"))
    assert signing["kid"] == "1"
    assert len(signing["key"]) == 64
    assert signing["key"].isalnum()
    assert value("CLUSTER_SECRET") == "first"
    create_resources(template, endpoint, secrets={"ClusterSecret": "second"})
    assert json.loads(value("SIGNING_SECRET")) == signing
    assert value("CLUSTER_SECRET") == "second"


def test_making_them_again_keeps_what_is_inside(
    template: Template, endpoint: str, remote: Callable[[str], Any]
) -> None:
    create_resources(template, endpoint)
    table = template.resources["TenantsTable"].name
    remote("dynamodb").put_item(TableName=table, Item={"id": {"S": "alice"}})
    create_resources(template, endpoint)
    assert remote("dynamodb").get_item(TableName=table, Key={"id": {"S": "alice"}})["Item"]


def test_buckets_are_made_too(template: Template, endpoint: str, remote: Callable[[str], Any]) -> None:
    bucket = Resource("Files", "AWS::S3::Bucket", {}, f"{template.stack_name}-files")
    with_bucket = replace(template, resources={"Files": bucket})
    for _ in range(2):
        create_resources(with_bucket, endpoint)
    assert bucket.name in {found["Name"] for found in remote("s3").list_buckets()["Buckets"]}


@pytest.mark.parametrize(
    ("resource", "complaint"),
    [
        pytest.param(
            Resource("Topic", "AWS::SNS::Topic", {}, "t"), "Topic: a AWS::SNS::Topic", id="an unknown type"
        ),
        pytest.param(
            Resource("T", "AWS::DynamoDB::Table", {"Replicas": []}, "t"), "Replicas", id="an unknown property"
        ),
    ],
)
def test_what_cannot_be_made_is_named(
    template: Template, endpoint: str, resource: Resource, complaint: str
) -> None:
    with pytest.raises(UnknownResource, match=complaint):
        create_resources(replace(template, resources={resource.id: resource}), endpoint)


def test_a_value_for_a_secret_that_is_not_declared_is_refused(template: Template, endpoint: str) -> None:
    with pytest.raises(UnknownResource, match="ClusterSecrte"):
        create_resources(template, endpoint, secrets={"ClusterSecrte": "x"})
