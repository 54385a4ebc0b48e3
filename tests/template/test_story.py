"""Every handler runs its sample event; what it then does on AWS is what its role grants, no more and no less.

The samples run in the order of a function's life, so that each finds what the ones before it made.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.template import Template, load, local_parameters
from shared import aws

LIFE = (
    "health/healthz",
    "health/readyz",
    "auth/token",
    "functions/create",
    "functions/list",
    "functions/get",
    "functions/update",
    "workers/reconcile-queue",
    "workers/project",
    "functions/invoke",
    "functions/invoke",  # the same Idempotency-Key again reads the first answer
    "functions/invocations",
    "functions/invocation",
    "functions/logs",
    "workers/reconcile",
    "workers/reconcile",  # this one finds what the one before it made
    "functions/delete",
    "edge/default",
    "edge/docs",
    "edge/openapi",
    "metrics/prometheus",
)
REGION = "eu-central-1"
TABLE = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
pytestmark = pytest.mark.timeout(180)  # two of the reconciler's watches, on a machine that may be busy

PLACEHOLDER = "put-a-token-of-POST-auth-token-here"

# What Lambda's own pollers and log writer do in the role's name: no handler calls it.
BY_LAMBDA = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}

# What happens only when something has gone wrong.
RARE = {
    "ProjectRole": {"ProjectionDeadLetters": {"sqs:SendMessage"}},
    "ReconcileRole": {
        "WorkQueue": {"sqs:ChangeMessageVisibility"},
        "FunctionsTable": {"dynamodb:Query"},  # who left a name, when nobody has it
        "WorkDeadLetters": {"sqs:SendMessage"},
    },
}


_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass
class Account:
    """Who did what, on which resource of the stack."""

    names: Mapping[str, str]
    """What a resource is called in requests → its logical id."""
    used: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """Role → resource → actions."""
    role: str = ""

    def note(self, request: Any, event_name: str, **_: Any) -> None:
        """A request as it is sent, by a client or signed by `shared.aws.call`."""
        _, hyphenated, call = event_name.split(".")
        service = hyphenated.replace("-", "")
        for action, name, index in _actions(service, call, json.loads(request.body)):
            resource = f"{self.names[name]}/index/{index}" if index else self.names[name]
            self.used.setdefault(self.role, {}).setdefault(resource, set()).add(f"{service}:{action}")


def _actions(service: str, call: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """A call as IAM sees it: action, resource, index."""
    match service, call:
        case "dynamodb", "TransactWriteItems":
            for item in params["TransactItems"]:
                ((kind, write),) = item.items()
                yield _IN_TRANSACTION[kind], write["TableName"], None
        case "dynamodb", "BatchGetItem":
            yield from ((call, table, None) for table in params["RequestItems"])
        case "dynamodb", _:
            yield call, params["TableName"], params.get("IndexName")
        case "sqs", _:
            yield call, params["QueueUrl"], None
        case _:
            yield call, params["SecretId"], None


class LambdaContext:
    """Little time is left, so that the reconciler, which watches until its deadline, ends soon."""

    aws_request_id = "5c3a0f6e-0000-4000-8000-000000000000"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 10_000


@pytest.fixture(scope="module")
def kubeconfig(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "kubeconfig"
    command = [sys.executable, "-m", "local.cluster", "--kubeconfig", file, "--data", folder / "data"]
    with (folder / "log").open("wb") as log:
        cluster = subprocess.Popen(command, cwd=root, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while not file.exists():
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield file.read_text(encoding="utf-8")
    finally:
        cluster.terminate()
        cluster.wait(10)


@pytest.fixture(scope="module")
def story(root: Path, written: dict[str, Any], target: Any, kubeconfig: str) -> Iterator["Story"]:
    """The whole life, told once. The tests below look at what it left."""
    template = load(
        root / "template.yaml",
        local_parameters(root / "samconfig.toml"),
        aws_endpoint=f"https://sqs.{REGION}.amazonaws.com",
    )
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        for name, value in _environment(template).items():
            patch.setenv(name, value)
        account = Account(_create(template, kubeconfig))
        yield Story(root, written["Resources"], target, account).told()
        _forget()


@dataclass
class Story:
    root: Path
    resources: dict[str, Any]
    target: Callable[[Mapping[str, Any]], str]
    account: Account
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def told(self) -> "Story":
        for sample in LIFE:
            handler = sample.partition("-")[0]
            answer = self.run(handler, self.event(sample))
            self.answers.setdefault(sample, []).append(answer)
        return self

    def run(self, handler: str, event: dict[str, Any]) -> dict[str, Any]:
        dotted = f"handlers.{handler.replace('/', '.')}"
        (function,) = (
            each["Properties"]
            for each in self.resources.values()
            if each["Properties"].get("Handler") == f"{dotted}.handler"
        )
        self.account.role = self.target(function["Role"])
        _forget()
        aws.session().register("before-send", self.account.note)
        answer: dict[str, Any] = import_module(dotted).handler(event, LambdaContext())
        return answer

    def event(self, sample: str) -> dict[str, Any]:
        text = (self.root / "events" / f"{sample}.json").read_text(encoding="utf-8")
        if PLACEHOLDER in text:
            text = text.replace(PLACEHOLDER, self.said("auth/token")["token"])
        if sample == "functions/invocation":
            id_in_sample = json.loads(text)["pathParameters"]["id"]
            text = text.replace(id_in_sample, self.said("functions/invocations")[0]["id"])
        event: dict[str, Any] = json.loads(text)
        return event

    def said(self, sample: str) -> Any:
        return json.loads(self.answers[sample][-1]["body"])


def test_every_handler_has_a_sample_that_the_story_runs(root: Path) -> None:
    handlers = {
        str(path.relative_to(root / "handlers").with_suffix(""))
        for path in (root / "handlers").glob("*/*.py")
        if path.name != "__init__.py"
    }
    samples = {
        str(path.relative_to(root / "events").with_suffix("")) for path in (root / "events").glob("*/*.json")
    }
    assert {sample.partition("-")[0] for sample in samples} == handlers
    assert set(LIFE) == samples


def test_a_sample_of_an_http_handler_comes_by_its_route(root: Path, functions: dict[str, Any]) -> None:
    for properties in functions.values():
        for event in properties["Events"].values():
            if event["Type"] == "HttpApi":
                route = event["Properties"]
                key = f"{route['Method']} {route['Path']}" if "Path" in route else "$default"
                sample = "/".join(properties["Handler"].split(".")[1:3])
                sent = json.loads((root / "events" / f"{sample}.json").read_text(encoding="utf-8"))
                assert sent["routeKey"] == sent["requestContext"]["routeKey"] == key


@pytest.mark.parametrize(
    "sample", [sample for sample in dict.fromkeys(LIFE) if not sample.startswith("workers/")]
)
def test_a_sample_request_is_answered(story: Story, sample: str) -> None:
    wanted = {405} if sample == "edge/default" else {200, 201, 204}
    for answer in story.answers[sample]:
        assert answer["statusCode"] in wanted, answer.get("body")


def test_samples_of_batches_are_handled_whole(story: Story) -> None:
    assert story.answers["workers/reconcile-queue"] == [{"batchItemFailures": []}]
    assert story.answers["workers/project"] == [{"batchItemFailures": []}]


def test_handlers_do_nothing_that_their_role_does_not_grant(story: Story, grants: dict[str, Any]) -> None:
    for role, resources in story.account.used.items():
        for resource, actions in resources.items():
            assert actions <= grants[role].get(resource, set()), f"{role} on {resource}"


def test_roles_grant_nothing_that_their_handlers_never_do(story: Story, grants: dict[str, Any]) -> None:
    for role, resources in grants.items():
        for resource, actions in resources.items():
            used = story.account.used.get(role, {}).get(resource, set())
            rarely = RARE.get(role, {}).get(resource, set())
            assert actions <= used | rarely | BY_LAMBDA, f"{role} on {resource}"


def _environment(template: Template) -> dict[str, str]:
    environment = dict(next(iter(template.functions.values())).environment)
    secrets = {"SIGNING_SECRET": "SigningSecret", "CLUSTER_SECRET": "ClusterSecret"}
    return environment | {name: template.resources[id].name for name, id in secrets.items()}


def _create(template: Template, kubeconfig: str) -> dict[str, str]:
    """Makes what handlers use; returns what requests call it → logical id."""
    names = {}
    secrets = {"SigningSecret": json.dumps({"kid": "1", "key": "k" * 64}), "ClusterSecret": kubeconfig}
    for resource in template.resources.values():
        match resource.type:
            case "AWS::DynamoDB::Table":
                given = {name: resource.properties[name] for name in TABLE if name in resource.properties}
                boto3.client("dynamodb").create_table(**given)
                names[resource.name] = resource.id
            case "AWS::SQS::Queue":
                url = boto3.client("sqs").create_queue(QueueName=resource.name)["QueueUrl"]
                names[url] = resource.id
            case "AWS::SecretsManager::Secret":
                text = secrets[resource.id]
                boto3.client("secretsmanager").create_secret(Name=resource.name, SecretString=text)
                names[resource.name] = resource.id
    return names


def _forget() -> None:
    """What a function keeps for its process's life: each has its own, and here they share one."""
    for name, module in list(sys.modules.items()):
        if name.startswith("shared."):
            for value in vars(module).values():
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()
