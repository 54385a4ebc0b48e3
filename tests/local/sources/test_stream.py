"""From a table's stream to a function: order, failures, positions that survive a restart."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.aws.resources import create_resources
from local.template import StreamSource

Client = Callable[[str], Any]


def source(**changes: Any) -> StreamSource:
    settings: dict[str, Any] = {
        "table": "Table",
        "batch_size": 10,
        "window": 0.0,
        "partial_failures": True,
        "retries": 1,
        "starting_position": "TRIM_HORIZON",
        "on_failure": "Dead",
    }
    return StreamSource(**{**settings, **changes})


def put(aws: Client, stack: Any, *ids: str, **values: Any) -> None:
    for id in ids:
        aws("dynamodb").put_item(TableName=stack.resources["Table"].name, Item={"id": {"S": id}} | values)


def ids(event: dict[str, Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]


def numbers(event: dict[str, Any], *wanted: str) -> dict[str, Any]:
    failed = [
        record["dynamodb"]["SequenceNumber"]
        for record in event["Records"]
        if record["dynamodb"]["Keys"]["id"]["S"] in wanted
    ]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def dead_letters(aws: Client, stack: Any) -> list[dict[str, Any]]:
    found = aws("sqs").receive_message(QueueUrl=stack.url("Dead"), MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def test_the_event_is_the_one_that_lambda_makes(aws: Client, stack: Any) -> None:
    events: list[dict[str, Any]] = []

    async def handler(event: dict[str, Any]) -> None:
        events.append(event)

    put(aws, stack, "a", blob={"B": b"\x00\xff"}, count={"N": "1"})
    stack.play(handler, source(), until=lambda: bool(events))
    arn = aws("dynamodb").describe_table(TableName=stack.resources["Table"].name)["Table"]["LatestStreamArn"]
    [record] = events[0]["Records"]
    change = record.pop("dynamodb")
    assert record.pop("eventID")
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.0",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "eventSourceARN": arn,
    }
    assert change.pop("SequenceNumber").isdigit()
    assert change.pop("SizeBytes") > 0
    assert isinstance(change.pop("ApproximateCreationDateTime"), int | float)
    assert change == {
        "Keys": {"id": {"S": "a"}},
        "NewImage": {"id": {"S": "a"}, "blob": {"B": "AP8="}, "count": {"N": "1"}},
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


def test_records_come_in_order_and_batches_are_not_larger_than_asked(aws: Client, stack: Any) -> None:
    seen: list[list[str]] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.append(ids(event))

    names = [f"{number:02}" for number in range(25)]
    put(aws, stack, *names)
    stack.play(handler, source(), until=lambda: sum(map(len, seen)) == 25)
    assert [name for batch in seen for name in batch] == names
    assert max(map(len, seen)) == 10


def test_a_failed_record_holds_up_those_behind_it_and_spares_those_before(aws: Client, stack: Any) -> None:
    seen: list[list[str]] = []

    async def handler(event: dict[str, Any]) -> dict[str, Any]:
        seen.append(ids(event))
        return numbers(event, "c") if len(seen) == 1 else {}

    put(aws, stack, *"abcd")
    stack.play(handler, source(), until=lambda: len(seen) == 2)
    assert seen == [list("abcd"), list("cd")]


def test_a_poisoned_record_is_buried_alone_with_its_address(aws: Client, stack: Any) -> None:
    seen: list[list[str]] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.append(ids(event))
        if "c" in ids(event):
            raise RuntimeError("poisoned")

    put(aws, stack, *"abcd")
    stack.play(handler, source(bisect=True, partial_failures=False), until=lambda: ["d"] in seen)
    [letter] = dead_letters(aws, stack)
    context, batch = letter["requestContext"], letter["DDBStreamBatchInfo"]
    assert context["condition"] == "RetryAttemptsExhausted"
    assert context["approximateInvokeCount"] == 2
    assert context["functionArn"].endswith(f":function:{stack.name}-It")
    assert batch["batchSize"] == 1
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]
    handled = [name for batch in seen for name in batch if "c" not in batch]
    assert sorted(set(handled)) == ["a", "b", "d"]

    streams = aws("dynamodbstreams")
    iterator = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    [record, *_] = streams.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["Keys"] == {"id": {"S": "c"}}, "the letter leads to the record"


def test_a_batch_that_cannot_be_buried_is_not_forgotten(aws: Client, stack: Any) -> None:
    seen: list[str] = []
    aws("sqs").delete_queue(QueueUrl=stack.url("Dead"))

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(ids(event))
        if len(seen) == 2:
            aws("sqs").create_queue(QueueName=stack.resources["Dead"].name)
        raise RuntimeError("poisoned")

    put(aws, stack, "a")
    letters: list[Any] = []
    stack.play(
        handler,
        source(retries=0, starting_position="TRIM_HORIZON"),
        until=lambda: len(seen) >= 2 and bool(letters or letters.extend(dead_letters(aws, stack)) or letters),
    )
    assert letters[0]["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_position_that_was_trimmed_goes_on_with_what_there_is(
    aws: Client, stack: Any, tmp_path: Path
) -> None:
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(ids(event))

    put(aws, stack, "a")
    positions = tmp_path / "checkpoints.json"
    stack.play(handler, source(), until=lambda: seen == ["a"], checkpoints=positions)
    trimmed = {place: "1" for place in json.loads(positions.read_text())}
    positions.write_text(json.dumps(trimmed))
    stack.play(
        handler, source(starting_position="LATEST"), until=lambda: len(seen) == 2, checkpoints=positions
    )
    assert seen == ["a", "a"]


def test_a_window_makes_fuller_batches(aws: Client, stack: Any) -> None:
    sizes: list[int] = []
    looks: list[int] = []

    async def handler(event: dict[str, Any]) -> None:
        sizes.append(len(event["Records"]))

    def write_slowly() -> bool:
        looks.append(1)
        if len(looks) % 5 == 0 and len(looks) <= 50:
            put(aws, stack, str(len(looks)))
        return sum(sizes) == 10

    stack.play(handler, source(window=10.0), until=write_slowly)
    assert sizes == [10]


def test_a_restart_goes_on_where_the_last_run_stopped(aws: Client, stack: Any, tmp_path: Path) -> None:
    positions = tmp_path / "checkpoints.json"
    seen: list[str] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(ids(event))

    put(aws, stack, *"ab")
    stack.play(handler, source(), until=lambda: len(seen) == 2, checkpoints=positions)
    put(aws, stack, *"cd")
    stack.play(handler, source(), until=lambda: "d" in seen, checkpoints=positions)
    assert seen == ["a", "b", "c", "d"]


def test_latest_leaves_out_what_was_there_before(aws: Client, stack: Any) -> None:
    seen: list[str] = []
    put(aws, stack, "before")
    written: list[int] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(ids(event))

    def later() -> bool:
        # The position is found within a few of these looks; each writes another record until one is seen.
        put(aws, stack, f"later-{len(written)}")
        written.append(1)
        return bool(seen)

    stack.play(handler, source(starting_position="LATEST"), until=later)
    assert "before" not in seen


def test_a_table_that_comes_late_is_waited_for(aws: Client, stack: Any) -> None:
    name = stack.resources["Table"].name
    aws("dynamodb").delete_table(TableName=name)
    seen: list[str] = []
    looks: list[int] = []

    async def handler(event: dict[str, Any]) -> None:
        seen.extend(ids(event))

    def make_it_late() -> bool:
        looks.append(1)
        if len(looks) == 20:
            create_resources(stack.template(), stack.endpoint)
            put(aws, stack, "a")
        return bool(seen)

    stack.play(handler, source(), until=make_it_late)
    assert seen == ["a"]
