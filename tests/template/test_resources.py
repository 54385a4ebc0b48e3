"""What is deployed loses nothing, leaves nothing readable on disk, and grows nothing for ever."""

from typing import Any

import pytest

RESOURCE_BUDGET = 450  # of the 500 that CloudFormation takes


def test_tables_are_on_demand_encrypted_and_can_be_restored(of_type: Any) -> None:
    for id, table in of_type("AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST", id
        assert properties["SSESpecification"] == {"SSEEnabled": True}, id
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, id


def test_tables_of_what_cannot_be_made_again_outlive_the_stack(of_type: Any) -> None:
    tables = of_type("AWS::DynamoDB::Table").items()
    kept = {id for id, table in tables if table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"}
    assert kept == {"TenantsTable", "FunctionsTable", "RunsTable", "EventsTable"}


def test_queues_are_encrypted(of_type: Any) -> None:
    for id, queue in of_type("AWS::SQS::Queue").items():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True, id


def test_a_queue_gives_up_after_a_while_into_one_that_remembers(of_type: Any, target: Any) -> None:
    queues = of_type("AWS::SQS::Queue")
    last = {id for id in queues if id.endswith("DeadLetters")}
    for id in queues.keys() - last:
        redrive = queues[id]["Properties"]["RedrivePolicy"]
        assert target(redrive["deadLetterTargetArn"]) in last, id
        assert 1 < redrive["maxReceiveCount"] <= 10, id
    for id in last:
        assert queues[id]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600, id


def test_somebody_is_told_about_dead_letters_failures_and_lag(of_type: Any, target: Any) -> None:
    watched = {
        (alarm["Properties"]["MetricName"], target(alarm["Properties"]["Dimensions"][0]["Value"]))
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
    }
    dead_letters = {id for id in of_type("AWS::SQS::Queue") if id.endswith("DeadLetters")}
    assert watched == {("ApproximateNumberOfMessagesVisible", id) for id in dead_letters} | {
        ("Errors", "WorkersReconcile"),
        ("IteratorAge", "WorkersProject"),
        ("5xx", "Api"),
    }


def sources(functions: dict[str, Any], *types: str) -> list[tuple[str, dict[str, Any]]]:
    found = [
        (id, event["Properties"])
        for id, properties in functions.items()
        for event in properties["Events"].values()
        if event["Type"] in types
    ]
    assert found, f"no source of {types}"
    return found


def test_one_bad_record_does_not_repeat_its_whole_batch(functions: dict[str, Any]) -> None:
    for id, source in sources(functions, "SQS", "DynamoDB"):
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], id


def test_a_stream_does_not_stand_still_before_a_bad_record(functions: dict[str, Any], target: Any) -> None:
    for id, source in sources(functions, "DynamoDB"):
        assert source["BisectBatchOnFunctionError"] is True, id
        assert source["MaximumRetryAttempts"] == -1, "attempts pass in seconds; the age is the bound"
        assert 0 < source["MaximumRecordAgeInSeconds"] <= 3600, id
        assert target(source["DestinationConfig"]["OnFailure"]["Destination"]).endswith("DeadLetters"), id


def test_a_message_stays_hidden_while_its_batch_may_still_be_tried(
    functions: dict[str, Any], of_type: Any, target: Any
) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html asks for six times the timeout.
    for id, source in sources(functions, "SQS"):
        queue = of_type("AWS::SQS::Queue")[target(source["Queue"])]["Properties"]
        assert queue["VisibilityTimeout"] >= 6 * functions[id]["Timeout"], id


def test_http_functions_end_before_the_gateway_gives_up(
    functions: dict[str, Any], written: dict[str, Any]
) -> None:
    otherwise = written["Globals"]["Function"]["Timeout"]
    for id, _ in sources(functions, "HttpApi"):
        assert functions[id].get("Timeout", otherwise) < 30, id


def test_logs_are_kept_for_a_chosen_time(functions: dict[str, Any], of_type: Any, target: Any) -> None:
    groups = of_type("AWS::Logs::LogGroup")
    for id, group in groups.items():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, id
    for id, properties in functions.items():
        area = properties["Handler"].split(".")[1]
        words = [area] if area != "workers" else properties["Handler"].split(".")[2:3]
        assert target(properties["LoggingConfig"]["LogGroup"]) == f"{words[0].capitalize()}LogGroup", id


def test_the_schedule_leaves_no_minute_without_its_one_reconciler(functions: dict[str, Any]) -> None:
    # A failed run is not repeated by the event service: it would run beside the next minute's.
    ((id, source),) = sources(functions, "Schedule")
    assert source["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert functions[id]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    assert functions[id]["Timeout"] > 60


@pytest.mark.sam
def test_the_stack_stays_well_below_cloudformations_limit(expanded: dict[str, Any]) -> None:
    assert len(written_types(expanded)) <= RESOURCE_BUDGET


@pytest.mark.sam
def test_sam_makes_no_role_of_its_own(expanded: dict[str, Any], of_type: Any) -> None:
    roles = [id for id, type_ in written_types(expanded).items() if type_ == "AWS::IAM::Role"]
    assert sorted(roles) == sorted(of_type("AWS::IAM::Role"))


@pytest.mark.sam
def test_browsers_get_a_list_of_origins(expanded: dict[str, Any]) -> None:
    # SAM rewrites what it finds here: a list parameter became one string, a bare !Split swallowed the rest.
    cors = expanded["Resources"]["Api"]["Properties"]["Body"]["x-amazon-apigateway-cors"]
    _, wanted, otherwise = cors["Fn::If"]
    separator, origins = wanted["allowOrigins"]["Fn::Split"]
    assert origins.split(separator) == ["http://localhost:3000", "http://localhost:5173"]
    assert wanted["allowCredentials"] is True
    assert "authorization" in wanted["allowHeaders"]
    assert otherwise == {"Ref": "AWS::NoValue"}


def written_types(expanded: dict[str, Any]) -> dict[str, str]:
    return {id: resource["Type"] for id, resource in expanded["Resources"].items()}
