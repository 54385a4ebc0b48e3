"""Shapes of invocations."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from shared import strictjson
from shared.models import Moment, Request, View
from shared.runs import rules
from shared.runs.models import Run, RunOutput, RunState


class InvokeRequest(Request):
    """Body of POST /v1/functions/{name}:invoke (seed 000, "Invoke Function"). Any JSON value is an input."""

    input: Annotated[Any, Field(description="reaches the function as EVENTFLOW_INPUT, in compact JSON")] = (
        None
    )
    # Not `deprecated=`: pydantic would warn whenever we read it ourselves.
    payload: Annotated[
        Any, Field(description="an older name of `input`", json_schema_extra={"deprecated": True})
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.input is not None and self.payload is not None:
            raise ValueError("input and payload are two names of one thing; send one of them")
        return self

    @property
    def value(self) -> Any:
        return self.input if self.input is not None else self.payload


class InvocationSummary(View):
    """One run of a function, as lists show it."""

    id: str
    function: str
    job_name: str
    status: RunState
    exit_code: int | None
    error: dict[str, str] | None
    """`reason` and `message` of a run that did not complete."""
    timings_ms: dict[str, int]
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(**_summary(run))


class InvocationView(InvocationSummary):
    """One run of a function with what it printed, once it is over."""

    result: Any
    """What a completed run printed to stdout, parsed if it is JSON, else as text."""
    output: str | None
    output_truncated: bool

    @classmethod
    def of(cls, run: Run, output: RunOutput | None = None) -> Self:
        return cls(
            **_summary(run),
            result=_parsed(output.stdout) if output and run.state is RunState.COMPLETED else None,
            output=output.stdout + output.stderr if output else None,
            output_truncated=output.truncated if output else False,
        )


def _summary(run: Run) -> dict[str, Any]:
    failed = run.state.final and run.state is not RunState.COMPLETED
    return {
        "id": run.id,
        "function": run.source_name,
        "job_name": run.job_name,
        "status": run.state,
        "exit_code": run.exit_code,
        "error": {"reason": run.reason, "message": run.message} if failed else None,
        "timings_ms": dict(rules.timings(run)),
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


class InvokedView(View):
    """Answer of an invocation (seed 000). With Prefer: wait it holds the result itself."""

    message: str
    job_name: str
    invocation_id: str
    status: RunState
    invocation: InvocationView | None = None

    @classmethod
    def of(cls, run: Run, invocation: InvocationView | None) -> Self:
        return cls(
            message=f"Function '{run.source_name}' invoked successfully",
            job_name=run.job_name,
            invocation_id=run.id,
            status=invocation.status if invocation else run.state,
            invocation=invocation,
        )


def _parsed(text: str) -> Any:
    try:
        return strictjson.loads(text)
    except ValueError:
        return text
