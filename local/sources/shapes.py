"""The events that functions receive, exactly as AWS shapes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.sources.rules import Batch, Discarded


def queue_event(messages: Sequence[Mapping[str, Any]], queue_arn: str, region: str) -> dict[str, Any]:
    return {"Records": [_message(message, queue_arn, region) for message in messages]}


def _message(message: Mapping[str, Any], queue_arn: str, region: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    for name in ("StringValue", "BinaryValue"):
        if name in value:
            shaped[name[0].lower() + name[1:]] = value[name]
    return shaped


def stream_event(records: Sequence[Mapping[str, Any]], stream_arn: str) -> dict[str, Any]:
    return {"Records": [_record(record, stream_arn) for record in records]}


def _record(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    shaped = {**record, "eventSourceARN": stream_arn}
    if identity := record.get("userIdentity"):
        # Lambda spells it differently from the API of the stream.
        shaped["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    return shaped


def scheduled_event(id: str, rule_arn: str, beat: float) -> dict[str, Any]:
    _, _, _, region, account, _ = rule_arn.split(":", 5)
    return {
        "version": "0",
        "id": id,
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": datetime.fromtimestamp(beat, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule_arn],
        "detail": {},
    }


def discarded_batch(
    batch: Batch, condition: Discarded, *, id: str, function_arn: str, stream_arn: str, shard: str, now: float
) -> dict[str, Any]:
    """What the on-failure destination is told: where the records are, not the records themselves."""
    first, last = batch.records[0]["dynamodb"], batch.records[-1]["dynamodb"]
    return {
        "requestContext": {
            "requestId": id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": batch.failures,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _arrival(first),
            "approximateArrivalOfLastRecord": _arrival(last),
            "batchSize": len(batch.records),
            "streamArn": stream_arn,
        },
    }


def _arrival(change: Mapping[str, Any]) -> str:
    arrived = datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC)
    return arrived.strftime("%Y-%m-%dT%H:%M:%SZ")
