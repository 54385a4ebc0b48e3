"""The context object that Lambda hands to a handler beside the event."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class LambdaContext:
    aws_request_id: str
    function_name: str
    memory_limit_in_mb: str
    invoked_function_arn: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.deadline - time.time()) * 1000))
