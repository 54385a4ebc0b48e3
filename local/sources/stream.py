"""DynamoDB stream event source mappings: a reader for every shard, as shards come."""

import asyncio

from local.sources.loops import repeat
from local.sources.shard import ShardReader, Subscription

_LOOK_FOR_SHARDS = 30.0


class StreamPoller:
    def __init__(self, subscription: Subscription) -> None:
        self._to = subscription

    async def run(self) -> None:
        known: set[str] = set()
        async with asyncio.TaskGroup() as readers:

            async def look() -> bool:
                position = "TRIM_HORIZON" if known else self._to.source.starting_position
                stream = await self._stream()
                for shard in await self._shards(stream):
                    if shard not in known:
                        known.add(shard)
                        # A shard that appears later continues an older one: it is read from its start.
                        readers.create_task(ShardReader(self._to, stream, shard, position).run())
                await asyncio.sleep(_LOOK_FOR_SHARDS)
                return True

            await repeat(f"{self._to.function.id} from {self._to.source.table}", look)

    async def _stream(self) -> str:
        table = self._to.template.resources[self._to.source.table].name
        described = await self._to.aws.call("dynamodb", "DescribeTable", {"TableName": table})
        arn: str = described["Table"]["LatestStreamArn"]
        return arn

    async def _shards(self, stream: str) -> list[str]:
        names: list[str] = []
        request = {"StreamArn": stream}
        while True:
            answer = await self._to.aws.call("dynamodbstreams", "DescribeStream", request)
            description = answer["StreamDescription"]
            names += [shard["ShardId"] for shard in description["Shards"]]
            if (last := description.get("LastEvaluatedShardId")) is None:
                return names
            request = {"StreamArn": stream, "ExclusiveStartShardId": last}
