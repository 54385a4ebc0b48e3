from concurrent.futures import ThreadPoolExecutor

BEFORE = "def handler(event, context): return {'version': 1}"
AFTER = "def handler(event, context): return {'version': 2}"


def test_an_edit_takes_effect(project, eventually):
    project.handler("page", BEFORE, "GET /page")
    with project.start("--reload") as client:
        assert client.get("/page").json() == {"version": 1}
        project.handler("page", AFTER, "GET /page")
        eventually(lambda: client.get("/page").json() == {"version": 2})
    assert "page.py changed: reloaded" in project.output


def test_a_new_route_is_served(project, eventually):
    project.handler("page", BEFORE, "GET /page")
    with project.start("--reload") as client:
        assert client.get("/other").status_code == 404
        project.handler("page", BEFORE, "GET /page", "GET /other")
        project.write_template()
        eventually(lambda: client.get("/other").status_code == 200)


def test_a_broken_edit_keeps_the_old_version_and_says_why(project, eventually):
    project.handler("page", BEFORE, "GET /page")
    with project.start("--reload") as client:
        client.get("/page")
        project.handler("page", "import nothing_of_this_name", "GET /page")
        eventually(lambda: "No module named 'nothing_of_this_name'" in project.output)
        assert client.get("/page").json() == {"version": 1}


def test_a_module_that_was_broken_before_does_not_stop_the_others(project, eventually):
    project.handler("page", BEFORE, "GET /page")
    project.handler("unfinished", "import nothing_of_this_name", "GET /unfinished")
    with project.start("--reload") as client:
        client.get("/page")
        project.handler("page", AFTER, "GET /page")
        eventually(lambda: client.get("/page").json() == {"version": 2})


def test_a_broken_template_keeps_the_old_version_and_says_why(project, eventually):
    project.handler("page", BEFORE, "GET /page")
    with project.start("--reload") as client:
        client.get("/page")
        project.handler("page", BEFORE, "GET /page/{name}:verb")
        project.write_template()
        eventually(lambda: "the old version keeps running" in project.output)
        assert client.get("/page").json() == {"version": 1}


def test_a_request_under_way_finishes_with_the_code_it_began_with(project, eventually, tmp_path):
    slow = """
    import pathlib, time

    def handler(event, context):
        folder = pathlib.Path(event["queryStringParameters"]["folder"])
        (folder / "started").touch()
        while not (folder / "finish").exists():
            time.sleep(0.01)
        return {"version": 1}
    """
    project.handler("page", slow, "GET /page")
    with project.start("--reload") as client, ThreadPoolExecutor(1) as other:
        answer = other.submit(client.get, "/page", params={"folder": str(tmp_path)})
        eventually((tmp_path / "started").exists)
        project.handler("page", AFTER, "GET /page")
        eventually(lambda: "reloaded" in project.output)
        assert client.get("/page").json() == {"version": 2}
        (tmp_path / "finish").touch()
        assert answer.result(10).json() == {"version": 1}
