import httpx
import pytest

STREAMING = """
    import pathlib, time
    from types import SimpleNamespace

    def chunks(folder):
        try:
            number = 0
            while True:
                yield f"data: {number}\\n\\n".encode()
                number += 1
                while not (folder / f"go-{number}").exists():
                    time.sleep(0.01)
        finally:
            (folder / "closed").touch()

    def stream(event, context):
        query = event.get("queryStringParameters", {})
        if "folder" not in query:
            return None
        headers = {"content-type": "text/event-stream", "cache-control": "no-store"}
        return SimpleNamespace(status=200, headers=headers, chunks=chunks(pathlib.Path(query["folder"])))

    def handler(event, context):
        return "not streamed"
"""


def test_chunks_arrive_as_they_are_made(project, eventually, tmp_path):
    project.handler("events", STREAMING, "GET /events")
    with (
        project.start() as client,
        client.stream("GET", "/events", params={"folder": str(tmp_path)}) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream"
        lines = response.iter_raw()
        assert next(lines) == b"data: 0\n\n"
        (tmp_path / "go-1").touch()
        assert next(lines) == b"data: 1\n\n"


def test_a_client_that_leaves_closes_the_generator(project, eventually, tmp_path):
    project.handler("events", STREAMING, "GET /events")
    with project.start() as client:
        with client.stream("GET", "/events", params={"folder": str(tmp_path)}) as response:
            chunks = response.iter_raw()
            assert next(chunks) == b"data: 0\n\n"
            assert not (tmp_path / "closed").exists()
        eventually((tmp_path / "closed").exists)
        assert client.get("/events").text == "not streamed"


def test_the_handler_answers_where_the_stream_declines(project):
    project.handler("events", STREAMING, "GET /events")
    with project.start() as client:
        assert client.get("/events").text == "not streamed"


def test_a_stream_that_breaks_breaks_the_connection(project, eventually):
    project.handler(
        "events",
        """
        from types import SimpleNamespace

        def chunks():
            yield b"one"
            raise ValueError("two")

        def stream(event, context):
            return SimpleNamespace(status=200, headers={}, chunks=chunks())

        handler = None
        """,
        "GET /events",
    )
    with project.start() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/events")
    assert eventually(lambda: project.access)[0]["error"] == "ValueError: two"
