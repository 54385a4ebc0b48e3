"""Intrinsic functions, parameters and conditions come out as CloudFormation would resolve them."""

from collections.abc import Callable

import pytest

from local.template import Template, TemplateError

Loaded = Callable[..., Template]

FRAME = """
    Parameters:
      Stage: {{Type: String, Default: dev, AllowedValues: [dev, prod]}}
      Origins: {{Type: CommaDelimitedList, Default: "a,b"}}
      Size: {{Type: Number, Default: 3}}
    Mappings:
      Sizes: {{prod: {{memory: 2048}}, dev: {{memory: 256}}}}
    Conditions:
      Prod: !Equals [!Ref Stage, prod]
      NotProd: !Not [!Condition Prod]
      Both: !And [!Condition Prod, !Equals [a, a]]
      Either: !Or [!Condition Prod, !Condition NotProd]
    Resources:
      Table: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: !Sub "${{AWS::StackName}}-t"}}}}
      Queue: {{Type: AWS::SQS::Queue}}
      Secret: {{Type: AWS::SecretsManager::Secret, Properties: {{Name: !Sub "${{AWS::StackName}}/s"}}}}
      Bucket: {{Type: AWS::S3::Bucket}}
      Role: {{Type: AWS::IAM::Role}}
      Rare: {{Type: AWS::SQS::Queue, Condition: Prod}}
    Outputs:
      It: {{Value: {value}}}
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Origins", ["a", "b"]),
        ("!Ref Size", "3"),
        ("!Ref Table", "eventflow-t"),
        ("!Ref Queue", "http://127.0.0.1:4566/123456789012/eventflow-Queue"),
        ("!Ref Secret", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:eventflow/s"),
        ("!Ref Bucket", "eventflow-bucket"),
        ("!Ref AWS::Region", "eu-central-1"),
        ("!GetAtt Table.Arn", "arn:aws:dynamodb:eu-central-1:123456789012:table/eventflow-t"),
        ("!GetAtt [Queue, Arn]", "arn:aws:sqs:eu-central-1:123456789012:eventflow-Queue"),
        ("!GetAtt Queue.QueueName", "eventflow-Queue"),
        ("{Fn::GetAtt: [Role, Arn]}", "arn:aws:iam::123456789012:role/eventflow-Role"),
        (
            '!Sub "${Table.Arn}/index/* ${!literal} ${Stage}"',
            "arn:aws:dynamodb:eu-central-1:123456789012:table/eventflow-t/index/* ${literal} dev",
        ),
        ('!Sub ["${Name}-${Stage}", {Name: !Ref Size}]', "3-dev"),
        ('!Join ["-", [a, !Ref Stage, 1]]', "a-dev-1"),
        ('!Select [1, !Split [",", "x,y,z"]]', "y"),
        ("!FindInMap [Sizes, !Ref Stage, memory]", 256),
        ("!Base64 hello", "aGVsbG8="),
        ("!If [Prod, a, b]", "b"),
        ("!If [Either, !If [Both, a, b], c]", "b"),
        ("[a, !Ref AWS::NoValue, b]", ["a", "b"]),
        ("{a: 1, b: !If [Prod, 2, !Ref AWS::NoValue]}", {"a": 1}),
        ("{Version: 2012-10-17}", {"Version": "2012-10-17"}),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)
def test_resolved(loaded: Loaded, value: str, expected: object) -> None:
    assert loaded(FRAME.format(value=value)).outputs["It"] == expected


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("!Ref Nothing", "nothing is called 'Nothing'"),
        ("!Ref Rare", "its Condition is false"),
        ("!GetAtt Queue.Colour", "no attribute 'Colour'; known are Arn, QueueName"),
        ('!Sub "${Missing}"', "nothing is called 'Missing'"),
        ("!ImportValue x", "Fn::ImportValue is not emulated"),
        ("!If [Never, a, b]", "no condition 'Never'"),
        ("!Select [5, [a]]", "no item 5 among 1"),
        ("!FindInMap [Sizes, test, memory]", "no Sizes/test/memory"),
    ],
)
def test_what_cannot_be_resolved_is_named_with_its_place(loaded: Loaded, value: str, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint) as error:
        loaded(FRAME.format(value=value))
    assert str(error.value).startswith("Outputs/It")


def test_parameters_decide_which_resources_exist(loaded: Loaded) -> None:
    assert "Rare" not in loaded(FRAME.format(value="x")).resources
    assert loaded(FRAME.format(value="!Ref Rare"), Stage="prod").outputs["It"].endswith("/eventflow-Rare")


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"Stage": "test"}, "'test' is not one of"),
        ({"Stag": "dev"}, r"\['Stag'\] are overridden but not declared"),
    ],
)
def test_wrong_parameters_are_refused(loaded: Loaded, overrides: dict[str, str], complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint):
        loaded(FRAME.format(value="x"), **overrides)


def test_a_parameter_without_a_value_is_named(loaded: Loaded) -> None:
    with pytest.raises(TemplateError, match="Parameters/Key: has no default"):
        loaded("{Parameters: {Key: {Type: String}}, Resources: {}}")


def test_resources_that_name_each_other_are_refused(loaded: Loaded) -> None:
    with pytest.raises(TemplateError, match="refers to itself"):
        loaded(
            """
            Resources:
              A: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt B.QueueName}}
              B: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt A.QueueName}}
            """
        )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Resources: {A: {Type: X}, A: {Type: Y}}", "line 1: 'A' appears twice"),
        ("Resources: [", "not readable as YAML"),
        ("Description: none", "has no Resources"),
    ],
)
def test_a_file_that_is_no_template_is_refused(loaded: Loaded, text: str, complaint: str) -> None:
    with pytest.raises(TemplateError, match=complaint):
        loaded(text)
