"""What is refused, and in which words: the error shape of the API reference, and nothing stored."""

import json
import time

import boto3
import jwt
import pytest

GOOD = {"name": "hello", "image": "nginx:alpine"}
MEGABYTE = json.dumps(GOOD | {"env": {"A": "x" * 1_000_000}}).encode()


@pytest.fixture(scope="session")
def key(stack):
    secrets = boto3.client(
        "secretsmanager",
        endpoint_url=stack.aws_endpoint,
        region_name=stack.environment["AWS_REGION"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    value = secrets.get_secret_value(SecretId=stack.environment["SIGNING_SECRET"])["SecretString"]
    secrets.close()
    return json.loads(value)


@pytest.fixture
def forged(tenant, key):
    """Tokens like the tenant's own, but for one thing."""
    mine = jwt.decode(tenant.user.token, options={"verify_signature": False})

    def make(kind):
        claims, signed_with, algorithm = dict(mine), key["key"], "HS256"
        match kind:
            case "expired":
                claims |= {"iat": 0, "nbf": 0, "exp": int(time.time()) - 1}
            case "of another issuer":
                claims["iss"] = "somebody"
            case "signed with another key":
                signed_with = "k" * 64
            case "unsigned":
                signed_with, algorithm = None, "none"
        return jwt.encode(claims, signed_with, algorithm=algorithm, headers={"kid": key["kid"]})

    return make


@pytest.mark.parametrize("kind", ["expired", "of another issuer", "signed with another key", "unsigned"])
def test_a_forged_token_opens_nothing(call, forged, kind):
    answer = call("GET", "/v1/functions", headers={"Authorization": f"Bearer {forged(kind)}"})
    assert (answer.status, answer.json["error"]) == (401, "Unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no header"),
        pytest.param({"Authorization": "Basic YTpi"}, id="another scheme"),
        pytest.param({"Authorization": "Bearer nonsense"}, id="not a token"),
    ],
)
def test_without_a_token_nothing_opens(call, headers):
    answer = call("GET", "/v1/functions", headers=headers)
    assert (answer.status, answer.json["error"]) == (401, "Unauthorized")
    if not headers:
        assert answer.json["message"] == "missing authorization header"


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        pytest.param({"name": None}, "name", id="no name"),
        pytest.param({"name": "n" * 61}, "name", id="long name"),
        pytest.param({"name": "Hello"}, "name", id="upper case"),
        pytest.param({"name": "kube-x"}, "name", id="reserved name"),
        pytest.param({"image": "not an image"}, "image", id="bad image"),
        pytest.param({"replicas": 11}, "replicas", id="too many replicas"),
        pytest.param({"replicas": "2"}, "replicas", id="replicas as text"),
        pytest.param({"replicas": -1}, "replicas", id="negative replicas"),
        pytest.param({"command": "sleep 1"}, "command", id="command as text"),
        pytest.param({"env": {"A-B": "1"}}, "env", id="bad variable"),
        pytest.param({"env": {"EVENTFLOW_INPUT": "1"}}, "env", id="reserved variable"),
        pytest.param({"env": {"A": 1}}, "env", id="number as value"),
        pytest.param(
            {"replica": 2}, "replica is not a known field; did you mean replicas?", id="misspelt field"
        ),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(tenant, wrong, names):
    answer = tenant("POST", "/v1/functions", json=GOOD | wrong)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request")
    assert answer.json["message"].startswith(names)
    assert tenant("GET", "/v1/functions").json == []


def test_a_missing_name_is_refused_in_the_words_of_the_reference(tenant):
    answer = tenant("POST", "/v1/functions", json={"image": "nginx:alpine"})
    assert (answer.status, answer.json) == (400, {"error": "Bad Request", "message": "name is required"})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b'{"name": "hello", ', "application/json", id="broken JSON"),
        pytest.param(b'["hello"]', "application/json", id="not an object"),
        pytest.param(b"name=hello&image=nginx", "application/x-www-form-urlencoded", id="a form"),
        pytest.param(b"\xff\xfe", "application/json", id="not UTF-8"),
        pytest.param(
            json.dumps(GOOD | {"env": {"A": "x" * 1_000_000}}).encode(), "application/json", id="a megabyte"
        ),
        pytest.param(b"", "application/json", id="nothing"),
    ],
)
def test_a_bad_body_is_refused(tenant, body, content_type):
    answer = tenant("POST", "/v1/functions", content=body, headers={"Content-Type": content_type})
    assert (answer.status, answer.json["error"]) == (400, "Bad Request")
    assert tenant("GET", "/v1/functions").json == []


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/v1/functions/nobody", 404, "Not Found"),
        ("DELETE", "/v1/functions/nobody", 404, "Not Found"),
        ("GET", "/v1/functions/nobody/logs", 404, "Not Found"),
        ("PUT", "/v1/functions", 405, "Method Not Allowed"),
        ("POST", "/v1/functions/nobody", 405, "Method Not Allowed"),
        ("GET", "/v2/functions", 404, "Not Found"),
        ("GET", "/v3/functions", 404, "Not Found"),
        ("GET", "/v1/functions?limit=0", 400, "Bad Request"),
        ("GET", "/v1/functions?cursor=nonsense", 400, "Bad Request"),
        ("GET", "/v1/functions/nobody/logs?tail=many", 400, "Bad Request"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_shape(tenant, method, path, status, error):
    answer = tenant(method, path)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert set(answer.json) == {"error", "message"}


def test_a_client_may_ask_for_problem_details(tenant):
    answer = tenant("POST", "/v1/functions", json={}, headers={"Accept": "application/problem+json"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json["status"], answer.json["title"]) == (400, "Bad Request")
    assert {error["pointer"] for error in answer.json["errors"]} == {"#/name", "#/image"}
