"""Who may do what, as a table to read. A grant beyond it is a decision, not an accident."""

from typing import Any

import pytest

COUNTER = {"MetricsTable": {"dynamodb:UpdateItem"}}
TOKENS = {"SigningSecret": {"secretsmanager:GetSecretValue"}}
CLUSTER = {"ClusterSecret": {"secretsmanager:GetSecretValue"}}


def rows(actions: str) -> set[str]:
    return {f"dynamodb:{action}" for action in actions.split()}


ALLOWED: dict[str, dict[str, set[str]]] = {
    "AuthRole": COUNTER | TOKENS,
    "FunctionsRole": COUNTER
    | TOKENS
    | {
        "FunctionsTable": rows("GetItem PutItem DeleteItem"),
        "FunctionsTable/index/by_created": rows("Query"),
        "RunsTable": rows("GetItem Query PutItem"),
        "RunsTable/index/collection": rows("Query"),
        "TenantsTable": rows("GetItem UpdateItem"),
        "ControlTable": rows("GetItem PutItem"),
        "EventsTable": rows("PutItem"),
        "WorkQueue": {"sqs:SendMessage"},
    },
    "FunctionsLogsRole": COUNTER | TOKENS | CLUSTER | {"FunctionsTable": rows("GetItem")},
    "HealthRole": COUNTER
    | TOKENS
    | CLUSTER
    | {"ControlTable": rows("GetItem"), "WorkQueue": {"sqs:GetQueueAttributes"}},
    "MetricsRole": {"MetricsTable": rows("Query UpdateItem")},
    "EdgeRole": COUNTER,
    "ReconcileRole": CLUSTER
    | {
        "FunctionsTable": rows("GetItem BatchGetItem Query PutItem"),
        "FunctionsTable/index/due": rows("Query"),
        "RunsTable": rows("GetItem BatchGetItem PutItem"),
        "RunsTable/index/due": rows("Query"),
        "ControlTable": rows("UpdateItem"),
        "EventsTable": rows("PutItem"),
        "WorkQueue": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
        },
        "WorkDeadLetters": {"sqs:SendMessage"},
    },
    "ProjectRole": COUNTER
    | {
        "ControlTable": rows("PutItem"),
        "EventsTable/StreamArn": rows("DescribeStream GetRecords GetShardIterator"),
        "EventsTable/stream/*": rows("ListStreams"),
        "ProjectionDeadLetters": {"sqs:SendMessage"},
    },
}


def test_every_role_is_in_the_table(grants: dict[str, Any]) -> None:
    assert set(grants) == set(ALLOWED)


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_grants_what_the_table_says(grants: dict[str, dict[str, set[str]]], role: str) -> None:
    beside_logs = {
        resource: actions for resource, actions in grants[role].items() if not resource.endswith("LogGroup")
    }
    assert beside_logs == ALLOWED[role]


def test_a_role_writes_the_log_of_its_area_alone(
    grants: dict[str, dict[str, set[str]]], functions: dict[str, Any], target: Any
) -> None:
    for id, properties in functions.items():
        granted = grants[target(properties["Role"])]
        logs = {resource: actions for resource, actions in granted.items() if resource.endswith("LogGroup")}
        wanted = target(properties["LoggingConfig"]["LogGroup"])
        assert logs == {wanted: {"logs:CreateLogStream", "logs:PutLogEvents"}}, id


def test_only_lambda_takes_a_role(of_type: Any) -> None:
    for id, role in of_type("AWS::IAM::Role").items():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}, id


def test_a_role_can_be_bounded_by_the_account(of_type: Any) -> None:
    for id, role in of_type("AWS::IAM::Role").items():
        condition, boundary, _ = role["Properties"]["PermissionsBoundary"]["Fn::If"]
        assert (condition, boundary) == ("HasPermissionsBoundary", {"Ref": "PermissionsBoundary"}), id
