import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from local.gateway.access import AccessLog
from local.gateway.app import Gateway
from local.gateway.routes import Router
from local.runtime import Throttled
from local.template import Function, Route

SLOW = Function("Slow", "handlers.slow.handler", 60, 128, {}, routes=(Route("GET", "/slow"),))


@pytest.fixture
def get(tmp_path):
    """GET /slow from a gateway that waits a tenth of a second for what `respond` returns."""

    def ask(respond: Any) -> httpx.Response:
        live: Any = SimpleNamespace(
            current=SimpleNamespace(
                router=Router([SLOW]), cors=None, runtime=SimpleNamespace(respond=respond)
            )
        )
        log = AccessLog(tmp_path / "access.log")
        gateway = Gateway(
            live,
            log=log,
            render_error=lambda path, status, message, request_id: {"message": message},
            integration_seconds=0.1,
        )

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(gateway)
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                answer = await client.get("/slow")
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others)
            return answer

        try:
            return asyncio.run(request())
        finally:
            log.close()

    return ask


def test_a_function_without_an_answer_in_time_is_unavailable_and_goes_on(get):
    finished = []

    async def respond(function: str, event: Any) -> Any:
        await asyncio.sleep(0.3)
        finished.append(function)

    answer = get(respond)
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    assert finished == ["Slow"]


def test_too_many_functions_at_once_are_unavailable(get):
    async def respond(function: str, event: Any) -> Any:
        raise Throttled("64 functions are running at once")

    answer = get(respond)
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
