"""What functions live among besides HTTP: the template's resources, and the event sources that call them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.aws.resources import create_resources
from local.sources import run_sources
from local.template import Template

Invoke = Callable[[str, Any], Awaitable[Any]]

_REACHABLE_WITHIN = 30.0
_CLUSTER_SECRET = "ClusterSecret"  # noqa: S105 - a logical id


class Surroundings:
    def __init__(self, endpoint: str, invoke: Invoke, *, kubeconfig: Path | None, checkpoints: Path) -> None:
        self._endpoint = endpoint
        self._invoke = invoke
        self._kubeconfig = kubeconfig
        self._checkpoints = checkpoints
        self._template: Template
        self._creating = asyncio.Lock()
        self._changed = asyncio.Event()

    async def create(self, template: Template) -> None:
        """Make what the template declares and the endpoint does not have yet."""
        async with self._creating:
            await self._until(self._endpoint_answers)
            secrets = {}
            if self._kubeconfig is not None and _CLUSTER_SECRET in template.resources:
                await self._until(self._kubeconfig_is_there)
                secrets[_CLUSTER_SECRET] = self._kubeconfig.read_text()
            await asyncio.to_thread(create_resources, template, self._endpoint, secrets=secrets)
            self._template = template

    async def change(self, template: Template) -> None:
        await self.create(template)
        self._changed.set()

    async def run(self) -> None:
        """Let the event sources of the template call its functions, for ever."""
        while True:
            self._changed.clear()
            running = run_sources(self._template, self._endpoint, self._invoke, checkpoints=self._checkpoints)
            sources = asyncio.create_task(running)
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({sources, changed}, return_when=asyncio.FIRST_COMPLETED)
                if sources.done():
                    sources.result()
            finally:
                for task in (sources, changed):
                    task.cancel()
                await asyncio.wait({sources, changed})

    async def _until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(_REACHABLE_WITHIN):
            while not await true():
                await asyncio.sleep(0.02)

    async def _endpoint_answers(self) -> bool:
        address = urlsplit(self._endpoint)
        try:
            _, writer = await asyncio.open_connection(address.hostname, address.port)
        except OSError:
            return False
        writer.close()
        return True

    async def _kubeconfig_is_there(self) -> bool:
        return self._kubeconfig is not None and self._kubeconfig.is_file()
