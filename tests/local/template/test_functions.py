"""Functions with what calls them; and what AWS would refuse, refused in a second instead of minutes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.template import (
    Function,
    QueueSource,
    Route,
    Schedule,
    StreamSource,
    Template,
    TemplateError,
    load,
    local_parameters,
)

PROJECT = Path(__file__).parents[3]
Loaded = Callable[..., Template]

FRAME = """
    Globals:
      Function:
        Timeout: 10
        MemorySize: 512
        Environment: {{Variables: {{STACK: !Ref AWS::StackName, LEVEL: INFO, FLAG: true}}}}
    Resources:
      Table: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: t}}}}
      Queue: {{Type: AWS::SQS::Queue, Properties: {{VisibilityTimeout: 60}}}}
      Dead: {{Type: AWS::SQS::Queue}}
      It:
        Type: AWS::Serverless::Function
        Properties: {{Handler: handlers/area/verb.handler, {more} Events: {{E: {event}}}}}
"""


def event(kind: str, properties: str) -> str:
    return FRAME.format(more="", event=f"{{Type: {kind}, Properties: {{{properties}}}}}")


def test_globals_are_merged_as_sam_merges_them(loaded: Loaded) -> None:
    text = FRAME.format(
        more="Timeout: 20, Environment: {Variables: {LEVEL: DEBUG, URL: !Ref Queue}},",
        event="{Type: HttpApi, Properties: {Path: /a, Method: get}}",
    )
    assert loaded(text).functions["It"] == Function(
        id="It",
        handler="handlers.area.verb.handler",
        timeout=20,
        memory=512,
        environment={
            "STACK": "eventflow",
            "LEVEL": "DEBUG",
            "FLAG": "true",
            "URL": "http://127.0.0.1:4566/123456789012/eventflow-Queue",
        },
        routes=(Route("GET", "/a"),),
    )


@pytest.mark.parametrize(
    ("properties", "route"),
    [
        ("", Route("ANY", "$default")),
        ("Path: $default", Route("ANY", "$default")),
        ("Path: $default, Method: '*'", Route("ANY", "$default")),
        ("Path: '/', Method: get", Route("GET", "/")),
        ("Path: '/a/{b}/c:d', Method: PATCH", Route("PATCH", "/a/{b}/c:d")),
        ("Path: '/a/{rest+}', Method: any", Route("ANY", "/a/{rest+}")),
    ],
)
def test_routes(loaded: Loaded, properties: str, route: Route) -> None:
    assert loaded(event("HttpApi", properties)).functions["It"].routes == (route,)


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ("Path: '/f/{name}:invoke', Method: post", r"API Gateway refuses '\{name\}:invoke'"),
        ("Path: '/f/{id}.json', Method: get", r"API Gateway refuses '\{id\}.json'"),
        ("Path: '/{rest+}/more', Method: get", "greedy variable must be the last"),
        ("Path: '/{a}/{a}', Method: get", "names a variable twice"),
        ("Path: 'a', Method: get", "must start with '/'"),
        ("Path: '/a//b', Method: get", "refuses the part ''"),
        ("Path: '/a', Method: FETCH", "FETCH is not a method"),
        ("Path: $default, Method: get", "takes every method"),
    ],
)
def test_routes_that_api_gateway_would_refuse(loaded: Loaded, properties: str, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint):
        loaded(event("HttpApi", properties))


def test_a_route_belongs_to_one_function(loaded: Loaded) -> None:
    function = (
        "{Type: AWS::Serverless::Function, Properties: {Handler: h.h, Events: {E: {Type: HttpApi, %s}}}}"
    )
    same = function % "Properties: {Path: /a, Method: get}"
    with pytest.raises(TemplateError, match="GET /a is routed twice, here and by A"):
        loaded(f"Resources: {{A: {same}, B: {same}}}")


def test_as_many_routes_as_an_api_takes(loaded: Loaded) -> None:
    def with_routes(count: int) -> str:
        events = ", ".join(
            f"E{n}: {{Type: HttpApi, Properties: {{Path: /{n}, Method: get}}}}" for n in range(count)
        )
        return (
            "Resources: {A: {Type: AWS::Serverless::Function, "
            f"Properties: {{Handler: h.h, Events: {{{events}}}}}}}}}"
        )

    assert len(loaded(with_routes(300)).functions["A"].routes) == 300
    with pytest.raises(TemplateError, match="301 routes"):
        loaded(with_routes(301))


@pytest.mark.parametrize(
    ("properties", "source"),
    [
        ("", QueueSource("Queue", 10, 0.0, partial_failures=False)),
        (
            "BatchSize: 5, MaximumBatchingWindowInSeconds: 2, "
            "FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: {MaximumConcurrency: 2}",
            QueueSource("Queue", 5, 2.0, partial_failures=True, concurrency=2),
        ),
    ],
)
def test_queues(loaded: Loaded, properties: str, source: QueueSource) -> None:
    template = loaded(event("SQS", f"Queue: !GetAtt Queue.Arn, {properties}"))
    assert template.functions["It"].queues == (source,)


@pytest.mark.parametrize(
    ("properties", "source"),
    [
        (
            "StartingPosition: LATEST",
            StreamSource("Table", 100, 0.0, False, retries=-1, starting_position="LATEST", on_failure=None),
        ),
        (
            "StartingPosition: TRIM_HORIZON, BatchSize: 7, MaximumRetryAttempts: 3, "
            "MaximumRecordAgeInSeconds: 60, BisectBatchOnFunctionError: true, "
            "FunctionResponseTypes: [ReportBatchItemFailures], "
            "DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}",
            StreamSource("Table", 7, 0.0, True, 3, "TRIM_HORIZON", "Dead", bisect=True, max_age=60.0),
        ),
    ],
)
def test_streams(loaded: Loaded, properties: str, source: StreamSource) -> None:
    template = loaded(event("DynamoDB", f"Stream: !GetAtt Table.StreamArn, {properties}"))
    assert template.functions["It"].streams == (source,)


@pytest.mark.parametrize(
    ("expression", "schedule"),
    [
        ("rate(1 minute)", Schedule(60)),
        ("rate(5 minutes)", Schedule(300)),
        ("rate(2 hours)", Schedule(7200)),
        ("rate(1 day)", Schedule(86400)),
        ("cron(* * * * ? *)", Schedule(60)),
        ("cron(0/15 * * * ? *)", Schedule(900)),
        ("cron(5/15 * * * ? *)", Schedule(900, 300)),
        ("cron(*/10 * * * ? *)", Schedule(600)),
        ("cron(30 * * * ? *)", Schedule(3600, 1800)),
        ("cron(15 3 * * ? *)", Schedule(86400, 3 * 3600 + 900)),
        ("cron(0 0/6 * * ? *)", Schedule(6 * 3600)),
    ],
)
def test_schedules(loaded: Loaded, expression: str, schedule: Schedule) -> None:
    for kind, name in (("Schedule", "Schedule"), ("ScheduleV2", "ScheduleExpression")):
        template = loaded(event(kind, f"{name}: {expression}"))
        assert template.functions["It"].schedules == (schedule,)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "every minute",
        "cron(0/7 * * * ? *)",
        "cron(0 9 ? * MON-FRI *)",
        "cron(0 9)",
        "cron(61 * * * ? *)",
    ],
)
def test_schedules_that_would_not_fire_as_said_are_refused(loaded: Loaded, expression: str) -> None:
    with pytest.raises(TemplateError, match="Events/E"):
        loaded(event("Schedule", f"Schedule: {expression}"))


@pytest.mark.parametrize("off", ["Enabled: false", "State: DISABLED"])
def test_a_source_that_is_switched_off_is_not_there(loaded: Loaded, off: str) -> None:
    assert loaded(event("Schedule", f"Schedule: rate(1 minute), {off}")).functions["It"].schedules == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(event("S3", "Bucket: b"), "event type S3 does not run locally", id="unknown kind"),
        pytest.param(
            event("SQS", "Queue: !GetAtt Queue.Arn, FilterCriteria: {}"),
            "FilterCriteria",
            id="ignored setting",
        ),
        pytest.param(
            event("SQS", "Queue: arn:aws:sqs:x:y:z"), "belongs to no table or queue", id="foreign queue"
        ),
        pytest.param(
            event("SQS", "Queue: !GetAtt Queue.Arn, BatchSize: 0"), "0 is not between", id="no batch"
        ),
        pytest.param(
            event("SQS", "Queue: !GetAtt Queue.Arn, BatchSize: 50"),
            "needs MaximumBatchingWindow",
            id="a large batch at once",
        ),
        pytest.param(
            event("DynamoDB", "Stream: !GetAtt Table.StreamArn"),
            "StartingPosition is LATEST or",
            id="no start",
        ),
        pytest.param(
            event("SQS", "Queue: !GetAtt Queue.Arn, FunctionResponseTypes: [All]"),
            "unknown Function",
            id="types",
        ),
        pytest.param(
            event("Schedule", "Schedule: rate(1 minute), Input: '{}'"), "Input is not emulated", id="input"
        ),
        pytest.param(
            FRAME.format(more="Timeout: 90,", event="{Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}"),
            "Lambda refuses a VisibilityTimeout",
            id="messages that come back while they are handled",
        ),
        pytest.param(
            "Resources: {A: {Type: AWS::Serverless::Function, Properties: {PackageType: Image}}}",
            "has no Handler",
            id="an image",
        ),
    ],
)
def test_sources_that_would_not_behave_as_on_aws_are_refused(
    loaded: Loaded, text: str, complaint: str
) -> None:
    with pytest.raises(TemplateError, match=complaint):
        loaded(text)


def test_the_template_of_this_project_loads_with_the_parameters_of_sam_local() -> None:
    parameters = local_parameters(PROJECT / "samconfig.toml")
    template = load(PROJECT / "template.yaml", parameters, aws_endpoint="http://127.0.0.1:4566")
    assert all(function.handler.startswith("handlers.") for function in template.functions.values())
    variables: list[Any] = [function.environment for function in template.functions.values()]
    assert {values["DEV_TOKEN_ENABLED"] for values in variables} == {"true"}


@pytest.mark.parametrize("given", ['["A=1", "B=x y"]', "\"A=1 B='x y'\""])
def test_overrides_in_samconfig_are_a_list_or_one_line(tmp_path: Path, given: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(f"[default.local_start_api.parameters]\nparameter_overrides = {given}\n")
    assert local_parameters(path) == {"A": "1", "B": "x y"}
