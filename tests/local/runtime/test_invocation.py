import decimal
import os

import pytest

from local.runtime import FunctionError, FunctionTimeout, PayloadTooLarge

ECHO = "def handler(event, context): return event"


def test_a_function_gets_its_event_and_its_result_comes_back(lambda_):
    lambda_.function("echo", ECHO)
    assert lambda_.invoke("echo", {"text": "é", "list": [1, None]}) == {"text": "é", "list": [1, None]}


def test_decimals_come_back_as_numbers(lambda_):
    lambda_.function("priced", "import decimal\ndef handler(event, context): return decimal.Decimal('1.5')")
    assert lambda_.invoke("priced") == decimal.Decimal("1.5")


def test_the_context_is_lambdas(lambda_):
    lambda_.function(
        "who",
        """
        names = ["function_name", "function_version", "memory_limit_in_mb", "invoked_function_arn"]

        def handler(event, context):
            seen = {name: getattr(context, name) for name in names}
            return {**seen, "id": context.aws_request_id, "stream": context.log_stream_name,
                    "left": context.get_remaining_time_in_millis()}
        """,
        timeout=7,
    )
    first, second = lambda_.invoke("who"), lambda_.invoke("who")
    assert {name: first[name] for name in list(first)[:4]} == {
        "function_name": "test-who",
        "function_version": "$LATEST",
        "memory_limit_in_mb": "256",
        "invoked_function_arn": "arn:aws:lambda:eu-central-1:123456789012:function:test-who",
    }
    assert first["id"] != second["id"]
    assert first["stream"] == second["stream"]
    assert 0 < first["left"] <= 7000


def test_functions_see_their_environment_and_not_the_developers(lambda_, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    lambda_.function("env", "import os\ndef handler(event, context): return dict(os.environ)", OWN="mine")
    seen = lambda_.invoke("env")
    assert seen["OWN"] == "mine"
    assert seen["SHARED"] == "by all"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "test-env"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert "AWS_PROFILE" not in seen


def test_modules_see_the_environment_of_their_own_function_at_import(lambda_):
    source = "import os\nMODE = os.environ['MODE']\ndef handler(event, context): return MODE"
    lambda_.function("one", source, MODE="1")
    lambda_.function("two", source, MODE="2")
    assert (lambda_.invoke("one"), lambda_.invoke("two")) == ("1", "2")


def test_a_warm_worker_is_used_again(lambda_):
    lambda_.function("count", "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n")
    assert [lambda_.invoke("count") for _ in range(3)] == [1, 2, 3]


def test_an_exception_has_its_type_message_and_place(lambda_):
    lambda_.function("failing", "def handler(event, context):\n    raise KeyError('name')")
    with pytest.raises(FunctionError) as caught:
        lambda_.invoke("failing")
    assert (caught.value.kind, caught.value.message) == ("KeyError", "'name'")
    assert [frame.splitlines()[1].strip() for frame in caught.value.stack] == ["raise KeyError('name')"]


def test_after_an_exception_the_worker_goes_on(lambda_):
    lambda_.function(
        "odd", "import os\ndef handler(event, context):\n    if event: 1 / 0\n    return os.getpid()"
    )
    before = lambda_.invoke("odd")
    with pytest.raises(FunctionError):
        lambda_.invoke("odd", 1)
    assert lambda_.invoke("odd") == before


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        pytest.param("import nothing", "Runtime.ImportModuleError", "No module named 'nothing'", id="import"),
        pytest.param("def handler(:", "Runtime.UserCodeSyntaxError", "invalid syntax", id="syntax"),
        pytest.param("other = 1", "Runtime.HandlerNotFound", "'handler' missing", id="no handler"),
        pytest.param("1 / 0", "ZeroDivisionError", "division by zero", id="error at import"),
        pytest.param(
            "raise SystemExit(3)", "Runtime.ExitError", "exited at import with 3", id="exit at import"
        ),
        pytest.param(
            "import os; os._exit(3)", "Runtime.ExitError", "exit status 3", id="hard exit at import"
        ),
        pytest.param(
            "import os\ndef handler(e, c): os._exit(4)", "Runtime.ExitError", "exit status 4", id="hard exit"
        ),
        pytest.param(
            "import sys\ndef handler(e, c): sys.exit(5)", "Runtime.ExitError", "exit status 5", id="exit"
        ),
        pytest.param(
            "import os\ndef handler(e, c): os.kill(os.getpid(), 9)",
            "Runtime.ExitError",
            "SIGKILL",
            id="killed",
        ),
        pytest.param(
            "def handler(e, c): return {1}", "Runtime.MarshalError", "not JSON serializable", id="result"
        ),
        pytest.param(
            "def handler(e, c): return 'x' * 7_000_000",
            "Function.ResponseSizeTooLarge",
            "exceeded maximum allowed payload size",
            id="size",
        ),
    ],
)
def test_what_breaks_is_told_in_lambdas_words(lambda_, source, kind, message):
    lambda_.function("broken", source)
    lambda_.function("sound", ECHO)
    with pytest.raises(FunctionError) as caught:
        lambda_.invoke("broken")
    assert caught.value.kind == kind
    assert message in caught.value.message
    assert lambda_.invoke("sound", "still here") == "still here"


def test_a_function_that_takes_too_long_is_killed(lambda_, eventually):
    lambda_.function(
        "slow",
        """
        import os, pathlib, time

        def handler(event, context):
            pathlib.Path(event).write_text(str(os.getpid()))
            time.sleep(60)
        """,
        timeout=1,
    )
    note = lambda_.folder / "pid"
    with pytest.raises(FunctionTimeout, match=r"timed out after 1\.00 seconds"):
        lambda_.invoke("slow", str(note))
    eventually(lambda: not os.path.exists(f"/proc/{note.read_text()}"))


def test_an_event_over_six_megabytes_is_not_taken(lambda_):
    lambda_.function("echo", ECHO)
    with pytest.raises(PayloadTooLarge):
        lambda_.invoke("echo", "x" * (6 * 1024 * 1024))


def test_an_event_of_almost_six_megabytes_is(lambda_):
    lambda_.function("length", "def handler(event, context): return len(event)")
    assert lambda_.invoke("length", "x" * 6_000_000) == 6_000_000


def test_what_handlers_print_is_logged_line_by_line(lambda_):
    lambda_.function(
        "talking",
        """
        import sys

        def handler(event, context):
            print("to say", end=" ")
            print("something")
            print('{"json": "names its function itself"}')
            sys.stderr.write("unfinished")
        """,
    )
    lambda_.invoke("talking")
    assert lambda_.log.read_text().splitlines() == [
        "[talking] to say something",
        '{"json": "names its function itself"}',
        "[talking] unfinished",
    ]


def test_an_unhandled_exception_is_logged_with_its_traceback(lambda_):
    lambda_.function("failing", "def handler(event, context):\n    raise KeyError('name')")
    with pytest.raises(FunctionError):
        lambda_.invoke("failing")
    log = lambda_.log.read_text()
    assert "[failing] [ERROR] request" in log
    assert "raise KeyError('name')" in log
    assert "local/runtime" not in log
