"""AWS's JSON protocols over asyncio.

boto3 would hold a thread for each long poll, and a thread in a 20-second read cannot be stopped. The answers
are also wanted as they travel: in that form Lambda hands stream records to functions.
"""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_TARGETS = {
    "dynamodb": ("dynamodb", "DynamoDB_20120810"),
    "dynamodbstreams": ("dynamodb", "DynamoDBStreams_20120810"),
    "sqs": ("sqs", "AmazonSQS"),
}
_PATIENCE = 10.0


class AwsError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Aws:
    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        # Emulators check no signature, but read the service and region from it.
        self._credentials = Credentials("local", "local")
        self._http = httpx.AsyncClient(
            trust_env=False, limits=httpx.Limits(max_connections=None, keepalive_expiry=60)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def call(
        self,
        service: str,
        operation: str,
        request: Mapping[str, Any],
        *,
        wait: float = 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """`wait`: how long the service may hold the answer back on purpose."""
        name, target = _TARGETS[service]
        signed = AWSRequest(
            "POST",
            self._endpoint,
            data=json.dumps(request).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"{target}.{operation}",
                **(headers or {}),
            },
        )
        SigV4Auth(self._credentials, name, self._region).add_auth(signed)
        try:
            answer = await self._http.post(
                self._endpoint, content=signed.data, headers=dict(signed.headers), timeout=wait + _PATIENCE
            )
        except httpx.TransportError as error:
            raise AwsError("Unreachable", f"{service} {operation}: {error!r}") from error
        body: dict[str, Any] = json.loads(answer.content) if answer.content else {}
        if answer.is_error:
            code = str(body.get("__type", answer.status_code)).rpartition("#")[2]
            raise AwsError(code, str(body.get("message", body.get("Message", ""))))
        return body
