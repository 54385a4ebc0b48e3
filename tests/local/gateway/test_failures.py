import pytest

FAILING = """
    import os, time

    def handler(event, context):
        match event["queryStringParameters"]["how"]:
            case "raise": raise ValueError("no such thing")
            case "exit": os._exit(1)
            case "nonsense": return {"statusCode": "teapot"}
            case "unserialisable": return {1, 2}
            case "hang": time.sleep(60)
"""
FAMILIES = """
    def render_gateway_error(path, status, message, request_id):
        return {"family of": path, "status": status, "message": message, "request": request_id}
"""


@pytest.fixture(scope="module")
def failing(make_project):
    project = make_project("failing")
    project.timeout = 1
    project.handler("failing", FAILING, "GET /fail")
    with project.start() as client:
        yield project, client


def test_a_crash_is_a_500_in_the_products_own_shape(project):
    project.handler("failing", FAILING, "GET /fail")
    families = project.folder / "shared" / "http" / "families.py"
    families.parent.mkdir(parents=True)
    for package in (families.parent, families.parent.parent):
        (package / "__init__.py").touch()
    families.write_text("\n".join(line[4:] for line in FAMILIES.splitlines()))
    with project.start() as client:
        answer = client.get("/fail?how=raise")
    assert answer.status_code == 500
    assert answer.json() == {
        "family of": "/fail",
        "status": 500,
        "message": "Internal Server Error",
        "request": answer.headers["apigw-requestid"],
    }


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("raise", "ValueError: no such thing"),
        ("exit", "Runtime.ExitError"),
        ("nonsense", "statusCode must be a number"),
        ("unserialisable", "Runtime.MarshalError"),
        ("hang", "Task timed out after 1.00 seconds"),
    ],
)
def test_whatever_breaks_is_a_500_and_the_log_says_why(failing, eventually, how, why):
    project, client = failing
    answer = client.get(f"/fail?how={how}")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    entry = eventually(lambda: project.access_of(answer))
    assert why in entry["error"]
    assert entry["function"] == "Failing"


def test_a_path_without_a_route_is_not_found(failing):
    _, client = failing
    answer = client.get("/elsewhere")
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


def test_a_handler_that_cannot_be_imported_fails_alone_and_says_why(project, eventually):
    project.handler("broken", "import nothing_of_this_name", "GET /broken")
    project.handler("sound", "def handler(event, context): return {'ok': True}", "GET /sound")
    with project.start() as client:
        broken = client.get("/broken")
        assert broken.status_code == 500
        assert client.get("/sound").json() == {"ok": True}
    entry = eventually(lambda: project.access_of(broken))
    assert "No module named 'nothing_of_this_name'" in entry["error"]
    assert "handlers.broken cannot be imported" in project.output


def test_a_template_that_api_gateway_would_refuse_is_refused_with_the_reason(project):
    project.handler("failing", FAILING, "POST /things/{name}:invoke")
    project.start().close()
    assert project.process.wait(10) == 2
    assert "/things/{name}:invoke" in project.output


def test_secrets_in_queries_are_not_logged(project, eventually):
    project.handler("sound", "def handler(event, context): return {}", "GET /sound")
    with project.start() as client:
        answer = client.get("/sound?page=2&token=abc&x=eyJhbGciOi.eyJzdWIi.c2ln")
    assert eventually(lambda: project.access_of(answer))["path"] == "/sound?page=2&token=***&x=***"
