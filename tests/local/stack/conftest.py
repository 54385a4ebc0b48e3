from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.11
    Timeout: 5
    MemorySize: 256
    Environment: { Variables: { THINGS: !Ref Things } }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-things"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
  Thing:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.thing.handler
      Events:
        Put: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: PUT, Path: "/things/{id}" } }
"""
HANDLER = """\
import os
import boto3

def handler(event, context):
    item = {"id": {"S": event["pathParameters"]["id"]}}
    boto3.client("dynamodb").put_item(TableName=os.environ["THINGS"], Item=item)
    return {"pid": os.getpid()}
"""


@pytest.fixture(scope="session")
def make_small_project() -> Callable[[Path], Path]:
    """A table, a function, and no cluster to wait for."""

    def make(folder: Path) -> Path:
        (folder / "handlers").mkdir()
        (folder / "handlers" / "thing.py").write_text(HANDLER)
        (folder / "template.yaml").write_text(TEMPLATE)
        return folder

    return make


@pytest.fixture(scope="session", autouse=True)
def some_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    kubeconfig = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    kubeconfig.write_text("apiVersion: v1\nkind: Config\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KUBECONFIG", str(kubeconfig))
        yield


@pytest.fixture
def small_project(tmp_path: Path, make_small_project: Callable[[Path], Path]) -> Path:
    return make_small_project(tmp_path)


@pytest.fixture
def family() -> Iterator[Callable[[int], set[int]]]:
    """The processes that descend from one."""

    def descendants(pid: int) -> set[int]:
        children: set[int] = set()
        for task in Path(f"/proc/{pid}/task").iterdir():
            children |= {int(child) for child in (task / "children").read_text().split()}
        return children.union(*(descendants(child) for child in children))

    return descendants


@pytest.fixture
def gone(eventually: Callable[..., object]) -> Callable[[set[int]], object]:
    """Wait until none of the processes exists."""

    def alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    return lambda pids: eventually(lambda: not any(alive(pid) for pid in pids))
