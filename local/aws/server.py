"""moto's application behind an HTTP server that keeps connections open.

werkzeug's own handler closes each connection, and waits 10 ms for what the client might still send; a new
connection for each request costs more than most of the requests.
https://github.com/pallets/werkzeug/blob/3.1.9/src/werkzeug/serving.py#L299
"""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from local.aws import mends
from local.aws.connection import serving
from local.aws.mends import expiry
from local.aws.serial import lock, serialised

_TTL_SECONDS = 10.0


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        # Read it whole: what the application leaves unread would be taken for the next request.
        environ["wsgi.input"] = body = io.BytesIO(self._body(environ))
        environ["CONTENT_LENGTH"] = str(len(body.getvalue()))
        answer: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answer.update(status=status, headers=headers)
            return io.BytesIO().write

        with serving(self.connection):
            chunks = self.server.app(environ, start_response)
            try:
                content = b"".join(chunks)
            finally:
                getattr(chunks, "close", lambda: None)()
        self._send(answer["status"], answer["headers"], content)

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            chunked: bytes = environ["wsgi.input"].read()
            return chunked
        return self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            # The answer to a HEAD names a length without having it.
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        elif "content-length" not in names:
            self.send_header("Content-Length", "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """A line a request would drown what matters: errors, which are logged apart."""


class Server:
    def __init__(self, port: int = 0) -> None:
        mends.install()
        app = serialised(DomainDispatcherApplication(create_backend_app))
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, app, threaded=True, request_handler=_Handler
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        threading.Thread(target=_expire, name="ttl", daemon=True).start()
        self._server.serve_forever()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running() -> Iterator[str]:
    """The server in a thread of this process, for tests of the server itself."""
    server = Server()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()


def _expire() -> None:
    while True:
        time.sleep(_TTL_SECONDS)
        with lock:
            expiry.sweep_all(time.time())
