"""Lambda on this machine: the functions of a template, each event in a process of its own."""

import asyncio
import contextlib
import json
import os
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.runtime import frames
from local.runtime.branch import Branch, ImportFailure, Root
from local.runtime.errors import FunctionError, FunctionTimeout, PayloadTooLarge
from local.runtime.pool import Pool, Worker
from local.runtime.stream import Stream
from local.template import Function, Template

MAX_EVENT = 6 * 1024 * 1024
_LIBRARY_SECONDS = 30.0
_INIT_SECONDS = 10.0  # Lambda's bound for loading a function
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_ACCOUNT = "123456789012"

Environment = Mapping[str, str]


class Runtime:
    """`async with Runtime(template, environment, …) as runtime: await runtime.invoke("GetFunction", event)`

    `environment` is what all functions see beside their own: endpoint, region, credentials.
    """

    def __init__(
        self,
        template: Template,
        environment: Environment,
        *,
        project: Path,
        log: Path,
        limit: int = 64,
        patience: float = 5.0,
    ) -> None:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._environment = {**inherited, **_LAMBDA, "LAMBDA_TASK_ROOT": str(project), **environment}
        self._template = template
        self._project = project
        self._log = log
        self._pool = Pool(self._start, limit=limit, patience=patience)
        self._branches: dict[str, Branch] = {}
        self.import_failures: list[ImportFailure] = []

    async def __aenter__(self) -> Self:
        self._root = await Root.start(self._project, self._environment, self._log)
        try:
            await self._root.ready(_LIBRARY_SECONDS)
            alike: dict[str, list[Function]] = {}
            for function in self._template.functions.values():
                alike.setdefault(_branch_of(function), []).append(function)
            await asyncio.gather(*(self._grow(branch, functions) for branch, functions in alike.items()))
        except BaseException:
            await self._root.end()
            raise
        self._sweeper = asyncio.create_task(self._pool.sweep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sweeper.cancel()
        self._pool.dismiss_idle()
        for branch in self._branches.values():
            await branch.close()
        await self._root.end()

    async def drain(self, within: float) -> None:
        """Wait for what is running now, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._pool.live:
                    self._pool.dismiss_idle()
                    await asyncio.sleep(0.05)

    async def invoke(self, function: str, event: Any) -> Any:
        """What the function returns for the event; raises FunctionError, FunctionTimeout, Throttled."""
        return await self._call(function, event, streaming=False)

    async def respond(self, function: str, event: Any) -> Any | Stream:
        """As `invoke`, but a handler module with a `stream` may answer piece by piece."""
        return await self._call(function, event, streaming=True)

    async def _call(self, function: str, event: Any, *, streaming: bool) -> Any | Stream:
        payload = json.dumps(event).encode()
        if len(payload) > MAX_EVENT:
            raise PayloadTooLarge(f"the event has {len(payload)} bytes, Lambda takes {MAX_EVENT}")
        worker = await self._pool.lend(function)
        match await self._ask(worker, payload, streaming=streaming):
            case (frames.HEAD, head):
                return Stream(**json.loads(head), worker=worker, pool=self._pool)
            case (frames.RESULT, result):
                self._pool.give_back(worker)
                return json.loads(result)
            case (frames.ERROR, error):
                self._pool.give_back(worker)
                raise FunctionError.parse(error)
            case _:
                self._pool.discard(worker)
                raise FunctionError.exited(await worker.branch.exit_of(worker.pid))

    async def _ask(self, worker: Worker, payload: bytes, *, streaming: bool) -> frames.Frame | None:
        timeout = self._template.functions[worker.function].timeout
        request_id = str(uuid.uuid4())
        about = {"id": request_id, "trace": _trace(), "stream": streaming, "deadline": time.time() + timeout}
        try:
            async with asyncio.timeout(timeout):
                worker.writer.write(frames.pack(frames.INVOKE, json.dumps(about).encode() + b"\n" + payload))
                return await frames.read(worker.reader)
        except BaseException as error:
            await worker.branch.kill(worker.pid)
            self._pool.discard(worker)
            if isinstance(error, TimeoutError):
                raise FunctionTimeout(f"{request_id} Task timed out after {timeout}.00 seconds") from None
            raise

    async def _start(self, name: str) -> Worker:
        """A cold start: fork, and wait until the handler is loaded."""
        function = self._template.functions[name]
        branch = self._branches[_branch_of(function)]
        pid, channel = await branch.fork("worker", self._spec(function))
        worker = await Worker.connect(name, branch, pid, channel)
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                frame = await frames.read(worker.reader)
            match frame:
                case (frames.READY, _):
                    return worker
                case (frames.BROKEN, error):
                    raise FunctionError.parse(error)
                case _:
                    raise FunctionError.exited(await branch.exit_of(pid))
        except BaseException as error:
            await branch.kill(pid)
            worker.writer.close()
            if isinstance(error, TimeoutError):
                raise FunctionTimeout(f"Init timed out after {_INIT_SECONDS:.2f} seconds") from None
            raise

    def _spec(self, function: Function) -> dict[str, Any]:
        name = f"{self._template.stack_name}-{function.id}"
        region = self._environment.get("AWS_REGION", "")
        group = f"/aws/lambda/{name}"
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{secrets.token_hex(16)}"
        return {
            "id": function.id,
            "handler": function.handler,
            "environment": {
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
                "AWS_LAMBDA_LOG_GROUP_NAME": group,
                "AWS_LAMBDA_LOG_STREAM_NAME": stream,
                "_HANDLER": function.handler,
            },
            "context": {
                "function_name": name,
                "memory_limit_in_mb": str(function.memory),
                "invoked_function_arn": f"arn:aws:lambda:{region}:{_ACCOUNT}:function:{name}",
                "log_group_name": group,
                "log_stream_name": stream,
            },
        }

    async def _grow(self, key: str, functions: Sequence[Function]) -> None:
        modules = sorted({function.handler.rpartition(".")[0] for function in functions})
        branch = await self._fork_branch(functions[0].environment, modules)
        try:
            self.import_failures += await branch.ready(_INIT_SECONDS)
        except (ConnectionError, TimeoutError):
            # Each worker then imports its own handler, so that only the guilty one fails.
            self.import_failures.append(
                ImportFailure(", ".join(modules), "an import ended or blocked the process")
            )
            await branch.close()
            branch = await self._fork_branch(functions[0].environment, [])
            await branch.ready(_INIT_SECONDS)
        self._branches[key] = branch

    async def _fork_branch(self, environment: Environment, modules: Sequence[str]) -> Branch:
        _, control = await self._root.fork("branch", {"environment": dict(environment), "modules": modules})
        return Branch(control)


_LAMBDA = {
    "TZ": ":UTC",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
}


def _branch_of(function: Function) -> str:
    return json.dumps(sorted(function.environment.items()))


def _trace() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
