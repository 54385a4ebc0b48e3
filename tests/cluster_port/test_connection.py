"""From a kubeconfig to a cluster, and what happens where there is none."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.cluster.connection import connect
from shared.cluster.port import LogQuery, Ref
from shared.errors import Unavailable


def kubeconfig(server):
    return json.dumps(
        {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "s3cret"}}],
        }
    )


@pytest.fixture
def scripted():
    """A server that gives each request the next of these answers, and keeps the requests."""
    requests, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            requests.append(
                (self.command, self.path, self.headers.get("Authorization"), self.rfile.read(length))
            )
            status, body = answers.pop(0)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + (10 if status == 299 else 0)))
            self.send_header("Retry-After", "600")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        do_POST = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield connect(kubeconfig(f"http://127.0.0.1:{server.server_port}")), requests, answers
        server.shutdown()
        thread.join()


def test_nobody_listens():
    with pytest.raises(Unavailable, match="does not answer"):
        connect(kubeconfig("http://127.0.0.1:9")).version()


def test_a_certificate_that_nobody_vouches_for(scripted):
    cluster, _, _ = scripted
    host = cluster._client.configuration.host.replace("http://", "https://")
    with pytest.raises(Unavailable, match="does not answer"):
        connect(kubeconfig(host)).version()


@pytest.mark.parametrize(
    "document", ["", "[]", "a: [", "apiVersion: v1", kubeconfig("x").replace('"k"', '"z"', 1)]
)
def test_a_kubeconfig_that_is_none_is_told_without_quoting_it(document):
    with pytest.raises(Unavailable, match="CLUSTER_SECRET does not hold") as error:
        connect(document)
    assert "s3cret" not in str(error.value)


def test_the_token_is_sent(scripted):
    cluster, requests, answers = scripted
    answers.append((200, b'{"gitVersion": "v1.34.1"}'))
    assert cluster.version() == "v1.34.1"
    assert requests == [("GET", "/version", "Bearer s3cret", b"")]


def test_a_lost_connection_is_tried_again(scripted):
    cluster, requests, answers = scripted
    answers += [(None, b""), (200, b'{"gitVersion": "v1"}')]
    assert cluster.version() == "v1"
    assert len(requests) == 2


def test_creating_is_not_tried_again_blindly(scripted):
    cluster, requests, answers = scripted
    answers.append((None, b""))
    with pytest.raises(Unavailable):
        cluster.create({"kind": "Job", "metadata": {"name": "j", "namespace": "n"}})
    assert len(requests) == 1


def test_a_busy_cluster_is_not_waited_for_in_here(scripted):
    cluster, requests, answers = scripted
    answers.append((429, b"{}"))
    with pytest.raises(Unavailable) as error:
        cluster.version()
    assert (len(requests), error.value.retry_after) == (1, 600)


@pytest.mark.parametrize("body", [b"<html>", b""])
def test_an_answer_that_is_no_json(scripted, body):
    cluster, _, answers = scripted
    answers.append((200, body))
    with pytest.raises(Unavailable):
        cluster.version()


def test_an_answer_that_breaks_off(scripted):
    cluster, _, answers = scripted
    answers += [(299, b"half")] * 2
    with pytest.raises(Unavailable):
        cluster.logs(Ref("Pod", "p", "n"), LogQuery())
    with pytest.raises(Unavailable):
        list(cluster.follow(Ref("Pod", "p", "n"), LogQuery(), seconds=5))


def test_a_watch_that_breaks_off(scripted):
    cluster, _, answers = scripted
    answers.append((200, b'{"type": "ADDED", "obj'))
    with pytest.raises(Unavailable):
        list(cluster.watch("Pod", resource_version="1", seconds=5))


def test_a_watch_that_the_cluster_ends_with_an_error(scripted):
    cluster, _, answers = scripted
    answers.append((200, b'{"type": "ERROR", "object": {"code": 500, "message": "etcd"}}\n'))
    with pytest.raises(Unavailable, match="etcd"):
        list(cluster.watch("Pod", resource_version="1", seconds=5))


def test_what_exists_and_is_gone_the_next_moment(scripted):
    cluster, _, answers = scripted
    answers += [(409, b'{"reason": "AlreadyExists"}'), (404, b"{}")]
    with pytest.raises(Unavailable, match="being deleted"):
        cluster.create({"kind": "Job", "metadata": {"name": "j", "namespace": "n"}})


def test_applying_says_who_applies_and_insists(scripted):
    cluster, requests, answers = scripted
    answers.append((200, b"{}"))
    cluster.apply({"kind": "Namespace", "metadata": {"name": "a b"}})
    ((method, path, _, body),) = requests
    assert (method, path) == ("PATCH", "/api/v1/namespaces/a%20b?fieldManager=eventflow&force=true")
    assert json.loads(body) == {"kind": "Namespace", "metadata": {"name": "a b"}}
