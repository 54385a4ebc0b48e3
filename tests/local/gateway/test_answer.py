import pytest

from local.gateway.answer import Answer, BadAnswer, answer_of

PLAIN = ("content-type", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        pytest.param(
            {"statusCode": 201, "headers": {"X-A": "1"}, "body": "hi"},
            Answer(201, [("x-a", "1"), PLAIN], b"hi"),
            id="structured",
        ),
        pytest.param(
            {
                "statusCode": "202",
                "headers": {"Content-Type": "text/html", "X-Count": 3, "X-Ok": True},
                "body": "é",
            },
            Answer(202, [("content-type", "text/html"), ("x-count", "3"), ("x-ok", "true")], "é".encode()),
            id="numbers and truth in headers, a status as text",
        ),
        pytest.param(
            {"statusCode": 200, "cookies": ["a=1; Path=/", "b=2"]},
            Answer(200, [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2")], b""),
            id="each cookie is a header",
        ),
        pytest.param(
            {"statusCode": 200, "multiValueHeaders": {"Link": ["<a>", "<b>"]}},
            Answer(200, [("link", "<a>"), ("link", "<b>")], b""),
            id="several values of one header",
        ),
        pytest.param(
            {"statusCode": 200, "body": "AP8=", "isBase64Encoded": True},
            Answer(200, [PLAIN], b"\x00\xff"),
            id="binary",
        ),
        pytest.param(
            {"statusCode": 200, "headers": {"Content-Length": "9999", "Connection": "close"}, "body": None},
            Answer(200, [], b""),
            id="the connection's headers are ours",
        ),
        pytest.param(
            {"id": 1},
            Answer(200, [("content-type", "application/json")], b'{"id": 1}'),
            id="inferred from an object",
        ),
        pytest.param(
            "text", Answer(200, [("content-type", "application/json")], b"text"), id="inferred from a string"
        ),
        pytest.param(
            None, Answer(200, [("content-type", "application/json")], b"null"), id="inferred from nothing"
        ),
    ],
)
def test_a_result_becomes_a_response(result, answer):
    assert answer_of(result) == answer


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({"statusCode": "ok"}, id="a status that is no number"),
        pytest.param({"statusCode": 99}, id="a status that HTTP does not have"),
        pytest.param({"statusCode": 200, "body": {"a": 1}}, id="a body that is no string"),
        pytest.param({"statusCode": 200, "headers": ["a"]}, id="headers that are no object"),
        pytest.param({"statusCode": 200, "headers": {"a": {}}}, id="a header that is an object"),
        pytest.param({"statusCode": 200, "headers": {"a": "x\r\nb: y"}}, id="a header with a line break"),
        pytest.param({"statusCode": 200, "headers": {"a\r\nb": "y"}}, id="a header name with a line break"),
        pytest.param({"statusCode": 200, "cookies": "a=1"}, id="cookies that are no list"),
        pytest.param({"statusCode": 200, "body": "!", "isBase64Encoded": True}, id="base64 that is none"),
    ],
)
def test_a_result_that_is_not_a_response_is_refused(result):
    with pytest.raises(BadAnswer):
        answer_of(result)
