import asyncio
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.runtime import Runtime
from local.template import Function, Template

ENVIRONMENT = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "SHARED": "by all"}


class Lambda:
    """A project of tiny handlers with its runtime, for tests that are not coroutines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "handlers.log"
        self._functions: dict[str, Function] = {}
        self._runner = asyncio.Runner()
        self._runtime: Runtime | None = None
        (folder / "handlers").mkdir()

    def function(self, name: str, source: str, *, timeout: int = 10, **environment: str) -> None:
        (self.folder / "handlers" / f"{name}.py").write_text(textwrap.dedent(source))
        self._functions[name] = Function(name, f"handlers.{name}.handler", timeout, 256, environment)

    def start(self, **options: Any) -> Runtime:
        template = Template(self._functions, {}, "test", {})
        self._runtime = Runtime(template, ENVIRONMENT, project=self.folder, log=self.log, **options)
        self.run(self._runtime.__aenter__())
        return self._runtime

    def invoke(self, name: str, event: Any = None) -> Any:
        runtime = self._runtime or self.start()
        return self.run(runtime.invoke(name, event))

    def run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)

    def close(self) -> None:
        if self._runtime is not None:
            self.run(self._runtime.__aexit__(None, None, None))
        self._runner.close()


@pytest.fixture
def lambda_(tmp_path: Path) -> Iterator[Lambda]:
    made = Lambda(tmp_path)
    yield made
    made.close()


@pytest.fixture
def all_at_once() -> Callable[..., Any]:
    """Run coroutines side by side; returns results and exceptions in order."""

    async def gather(*coroutines: Any) -> list[Any]:
        return await asyncio.gather(*coroutines, return_exceptions=True)

    return gather
