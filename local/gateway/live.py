"""The template and the runtime in force, and how an edit replaces them without losing a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from watchfiles import Change, awatch

from local.gateway.cors import Cors, cors_of
from local.gateway.routes import Router
from local.runtime import Runtime
from local.template import Template, TemplateError

CODE = ("handlers", "shared")
SETTINGS = ("template.yaml", "samconfig.toml")
_FINISH_WITHIN = 30.0  # as long as API Gateway would wait for an answer

Report = Callable[[str], None]
Changed = Callable[[Template], Awaitable[None]] | None


@dataclass(frozen=True)
class Deployment:
    template: Template
    router: Router
    cors: Cors | None
    runtime: Runtime


class Live:
    """`current` serves new requests. A deployment that was replaced ends when its last request has."""

    def __init__(
        self,
        read_template: Callable[[], Template],
        environment: Mapping[str, str],
        *,
        project: Path,
        log: Path,
        report: Report,
    ) -> None:
        self.read_template = read_template
        self._environment = environment
        self._project = project
        self._log = log
        self._report = report
        self._deployment: Deployment | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    @property
    def current(self) -> Deployment:
        assert self._deployment is not None, "not started"
        return self._deployment

    async def start(self) -> None:
        async with self._one_at_a_time:
            self._deployment = await self._deploy()
        for failure in self.current.runtime.import_failures:
            self._report(f"{failure.module} cannot be imported:\n{failure.traceback}")

    async def close(self) -> None:
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        if self._deployment is not None:
            await self._deployment.runtime.__aexit__(None, None, None)

    async def invoke(self, function: str, event: Any) -> Any:
        """For event sources: always the code of now."""
        return await self.current.runtime.invoke(function, event)

    async def follow_edits(self, changed: Changed) -> None:
        """Redeploy whenever a file of the project changes, for ever. A broken edit keeps what runs.

        Two watches: code is watched with its folders, the settings in their folder, since editors replace
        files rather than write them. Watching the whole project would mean the virtual environment too.
        """
        folders = [folder for name in CODE if (folder := self._project / name).is_dir()]
        async with asyncio.TaskGroup() as watches:
            watches.create_task(self._follow(awatch(*folders, watch_filter=_is_code), changed))
            settings = awatch(self._project, watch_filter=_is_setting, recursive=False)
            watches.create_task(self._follow(settings, changed))

    async def _follow(self, edits: AsyncIterator[set[tuple[Change, str]]], changed: Changed) -> None:
        async for files in edits:
            names = ", ".join(sorted({Path(file).name for _, file in files}))
            async with self._one_at_a_time:
                problem = await self._redeploy(changed)
            outcome = f", but the old version keeps running: {problem}" if problem else ": reloaded"
            self._report(f"{names} changed{outcome}")

    async def _redeploy(self, changed: Changed) -> str | None:
        """Replace what runs, or say why not."""
        try:
            new = await self._deploy()
        except (TemplateError, yaml.YAMLError, OSError, TimeoutError) as error:
            return str(error)
        old = self.current
        known = {failure.module for failure in old.runtime.import_failures}
        for failure in new.runtime.import_failures:
            if failure.module not in known:
                await new.runtime.__aexit__(None, None, None)
                return failure.traceback
        self._deployment = new
        self._retire(old)
        if changed and new.template != old.template:
            await changed(new.template)
        return None

    async def _deploy(self) -> Deployment:
        template = self.read_template()
        runtime = Runtime(template, self._environment, project=self._project, log=self._log)
        await runtime.__aenter__()
        return Deployment(template, Router(template.functions.values()), cors_of(template), runtime)

    def _retire(self, deployment: Deployment) -> None:
        async def end() -> None:
            try:
                await deployment.runtime.drain(_FINISH_WITHIN)
            finally:
                await deployment.runtime.__aexit__(None, None, None)

        task = asyncio.create_task(end())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


def _is_code(_: Change, path: str) -> bool:
    return path.endswith((".py", ".json", ".html")) and "__pycache__" not in path


def _is_setting(_: Change, path: str) -> bool:
    return Path(path).name in SETTINGS
