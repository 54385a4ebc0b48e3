"""`make demo`: a function's life from token to delete, as a transcript. A step that does not hold ends it."""

import argparse
import contextlib
import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from local.stack import Stack

PROGRAM = """\
import json, os, time
if "EVENTFLOW_JOB_NAME" in os.environ:  # invoked: answer, and end
    numbers = json.loads(os.environ["EVENTFLOW_INPUT"])["numbers"]
    print(json.dumps({"sum": sum(numbers), "count": len(numbers)}))
else:  # deployed: stay
    print("ready for work", flush=True)
    while True:
        time.sleep(1)
"""

_PATIENCE = 60.0
_PAUSE = 0.1

Document = dict[str, Any]


class StepFailed(Exception):
    """The platform did not do what the step says it does."""


class Demo:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._step = 0

    def run(self) -> None:
        self._enter()
        self._bring_up()
        self._invoke_well_and_badly()
        self._break_and_mend()
        self._delete()

    def _enter(self) -> None:
        user = f"demo-{time.time_ns() // 1_000_000}"
        self._heading(f"A token for {user}")
        token = self._call("POST", "/auth/token", 200, json={"user_id": user})
        self._client.headers["Authorization"] = f"Bearer {token['token']}"
        self._say(f"namespace {token['namespace']}")

    def _bring_up(self) -> None:
        self._heading("A Python function")
        _listing(PROGRAM)
        wanted = {"name": "sum", "image": "python:3.11-slim", "command": ["python", "-c", PROGRAM]}
        created = self._call("POST", "/v1/functions", 201, json=wanted)
        self._say(f"{created['name']} is {created['status']}")
        running = self._watch("sum", lambda function: function["status"] == "Running")
        _expect(running["available_replicas"] == 1, "one replica is available", running)

        self._heading("Its log")
        self._say(self._eventually_text("/v1/functions/sum/logs?tail=5", containing="ready for work"))

    def _invoke_well_and_badly(self) -> None:
        self._heading("Invoked with numbers, and the result waited for")
        invoked = self._invoke({"numbers": [1, 2, 3, 4]})
        _expect(invoked["status"] == "completed", "the invocation completed", invoked)
        _expect(invoked["result"] == {"sum": 10, "count": 4}, "the result is the sum", invoked)
        self._say(f"result {json.dumps(invoked['result'])}")
        phases = ", ".join(f"{phase} {ms} ms" for phase, ms in invoked["timings_ms"].items())
        self._say(phases)

        self._heading("Invoked with nonsense: it fails, and says why")
        failed = self._invoke({"numbers": ["one"]})
        _expect(failed["status"] == "failed" and failed["exit_code"] == 1, "the invocation failed", failed)
        self._say(f"{failed['error']['reason']}: {failed['error']['message']}")
        self._say(failed["output"].strip().splitlines()[-1])

    def _break_and_mend(self) -> None:
        self._heading("Broken by an image that does not exist: it fails, and says why")
        self._call("PATCH", "/v1/functions/sum", 200, json={"image": "registry.invalid/nobody/nothing:1"})
        broken = self._watch("sum", lambda function: function["status"] == "Failed")
        _expect("ImagePull" in broken["status_reason"], "the reason names the image pull", broken)
        self._say(broken["status_message"])

        self._heading("Mended")
        self._call("PATCH", "/v1/functions/sum", 200, json={"image": "python:3.11-slim"})
        self._watch("sum", lambda function: function["status"] == "Running")

    def _delete(self) -> None:
        self._heading("What was invoked")
        for invocation in self._call("GET", "/v1/functions/sum/invocations", 200):
            self._say(f"{invocation['job_name']}  {invocation['status']}")

        self._heading("Deleted")
        self._call("DELETE", "/v1/functions/sum", 204)
        gone = self._call("GET", "/v1/functions/sum", 404)
        self._say(gone["message"])

    def _invoke(self, value: Document) -> Document:
        body = {"input": value}
        answer = self._call("POST", "/v1/functions/sum:invoke", 200, json=body, headers={"Prefer": "wait=25"})
        invocation: Document = answer["invocation"]
        return invocation

    def _watch(self, name: str, there: Callable[[Document], bool]) -> Document:
        """Shows each status once until `there`."""
        shown = ""
        give_up = time.monotonic() + _PATIENCE
        while time.monotonic() < give_up:
            function: Document = self._client.get(f"/v1/functions/{name}").json()
            status = " ".join(filter(None, (function["status"], function["status_reason"])))
            if status != shown:
                self._say(f"→ {status}")
                shown = status
            if there(function):
                return function
            time.sleep(_PAUSE)
        raise StepFailed(f"{name} stayed {shown!r} for {_PATIENCE:.0f} s")

    def _eventually_text(self, path: str, *, containing: str) -> str:
        give_up = time.monotonic() + _PATIENCE
        while containing not in (text := self._client.get(path).text):
            if time.monotonic() > give_up:
                raise StepFailed(f"{path} never said {containing!r}, but {text!r}")
            time.sleep(_PAUSE)
        return text.strip()

    def _call(self, method: str, path: str, expected: int, **options: Any) -> Any:
        self._say(f"{method} {path}")
        answer = self._client.request(method, path, **options)
        if answer.status_code != expected:
            raise StepFailed(f"{method} {path} answered {answer.status_code}, not {expected}: {answer.text}")
        return answer.json() if answer.content else None

    def _heading(self, text: str) -> None:
        self._step += 1
        print(f"\n{self._step}. {text}", flush=True)

    def _say(self, text: str) -> None:
        print(textwrap.indent(text, "   "), flush=True)


def _listing(program: str) -> None:
    print(textwrap.indent(program, "   │ "), end="")


def _expect(holds: bool, what: str, seen: Document) -> None:
    if not holds:
        raise StepFailed(f"expected that {what}, but saw {json.dumps(seen)}")


@contextlib.contextmanager
def _platform(port: int) -> Iterator[str]:
    """The one that runs on this port, or one of our own for as long as the demo takes."""
    url = f"http://127.0.0.1:{port}"
    try:
        httpx.get(f"{url}/healthz", timeout=2).raise_for_status()
    except httpx.HTTPError:
        print("starting the platform …", flush=True)
        with Stack.start(port=0) as stack:
            yield stack.url
    else:
        yield url


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    with _platform(parser.parse_args().port) as url, httpx.Client(base_url=url, timeout=40) as client:
        try:
            Demo(client).run()
        except StepFailed as failure:
            print(f"\nThe demo failed: {failure}", file=sys.stderr)
            return 1
    print("\nEverything did what it says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
