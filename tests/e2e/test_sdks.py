"""The SDK samples of the API reference, unchanged but for the address and the token."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

POSTMAN = """\
const environment = new Map(Object.entries(JSON.parse(process.argv[2])));
const pm = {
  environment: { get: (name) => environment.get(name), set: (name, value) => environment.set(name, value) },
  sendRequest: async ({ url, method, header, body }, done) => {
    const answer = await fetch(url, { method, headers: header, body: body[body.mode] });
    const text = await answer.text();
    done(null, { code: answer.status, json: () => JSON.parse(text) });
    console.log(JSON.stringify(Object.fromEntries(environment)));
  },
};
"""


@pytest.fixture
def run(tmp_path):
    def finish(*command, within=50, **environment):
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=within,
        )

    return finish


@pytest.fixture(scope="session")
def modules(samples, tool) -> Path:
    """The TypeScript sample's packages, as its lock has them."""
    folder = samples / "node_modules"
    marker = folder / ".package-lock.json"
    lock = samples / "package-lock.json"
    if not marker.exists() or marker.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(
            [tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=samples,
            check=True,
            capture_output=True,
            timeout=120,
        )
    return folder


@pytest.fixture
def typescript(sample, run, tool, modules, tmp_path):
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "client.ts").write_text(sample("client.ts"))
    compiler = str(modules / "typescript/bin/tsc")
    options = ["--strict", "--target", "es2022", "--module", "nodenext"]
    compiled = run(tool("node"), compiler, *options, "client.ts")
    assert compiled.returncode == 0, compiled.stdout
    return lambda: run(tool("node"), "client.js")


@pytest.fixture
def python(sample, run):
    return lambda: run(sys.executable, "-c", sample("client.py"))


@pytest.fixture
def go(sample, run, pytestconfig, tmp_path):
    (tmp_path / "main.go").write_text(sample("main.go"))
    cache = pytestconfig.rootpath / ".local" / "go-build"
    binary = Path(sys.executable).with_name("go")
    settings = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "off",
        "GOCACHE": str(cache),
        "GOPATH": str(tmp_path / "go"),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
    }
    built = run(str(binary), "build", "-o", "client", "main.go", within=170, **settings)
    assert built.returncode == 0, built.stderr
    return lambda: run(str(tmp_path / "client"))


def test_python(python, tenant, events):
    """It deletes what it made, which would fail had it not made it; so does a second run after the first."""
    for _ in range(2):
        ran = python()
        assert ran.returncode == 0, ran.stderr
    assert tenant("GET", "/v1/functions").json == []
    assert _what_happened(events, tenant) == ["function.created", "function.deleted"] * 2


def test_python_is_told_of_a_refusal(python, tenant):
    tenant.create("my-app", image="nginx:alpine")
    ran = python()
    assert ran.returncode == 1
    assert "409 Client Error: Conflict" in ran.stderr


@pytest.mark.timeout(180)
def test_typescript(typescript, tenant, events):
    ran = typescript()
    assert ran.returncode == 0, ran.stderr
    assert tenant("GET", "/v1/functions").json == []
    assert _what_happened(events, tenant) == ["function.created", "function.deleted"]


@pytest.mark.timeout(240)
def test_go(go, tenant):
    """It leaves its function there, so that its second run meets a conflict and says so."""
    ran = go()
    assert (ran.returncode, ran.stdout) == (0, "Found 1 functions\n"), ran.stderr
    assert tenant.get("my-app")["replicas"] == 2
    again = go()
    assert again.returncode == 2
    assert "unexpected status: 409" in again.stderr


def test_postman_gets_its_token(samples, stack, run, tool, call):
    script = POSTMAN + (samples / "pre-request.js").read_text()
    ran = run(tool("node"), "-e", script, "postman", json.dumps({"base_url": stack.url, "token": ""}))
    assert ran.returncode == 0, ran.stderr
    token = json.loads(ran.stdout)["token"]
    assert call("GET", "/v1/functions", headers={"Authorization": f"Bearer {token}"}).status == 200


def _what_happened(events, tenant):
    asked_for = {"function.created", "function.updated", "function.deleted"}
    return [kind for kind, _ in events(tenant.user.user_id) if kind in asked_for]
