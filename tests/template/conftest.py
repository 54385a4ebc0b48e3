"""template.yaml as its tests see it: as written, as the local platform reads it, and as SAM expands it."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest

from local import template as local_template
from local.template.document import parse

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
SAM_ENVIRONMENT = ROOT / ".venv-sam" / "bin"
LINK = {"Ref", "Fn::GetAtt"}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def written() -> dict[str, Any]:
    """The document, with `!Ref x` as `{"Ref": "x"}`."""
    return parse(TEMPLATE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def loaded() -> local_template.Template:
    """With names and ARNs in place of references."""
    parameters = local_template.local_parameters(ROOT / "samconfig.toml")
    return local_template.load(TEMPLATE, parameters, aws_endpoint="http://127.0.0.1:5000")


@pytest.fixture(scope="session")
def of_type(written: dict[str, Any]) -> Any:
    """Logical id → resource, of one type."""

    def select(type_: str) -> dict[str, Any]:
        found = {id: resource for id, resource in written["Resources"].items() if resource["Type"] == type_}
        assert found, f"no {type_} at all"
        return found

    return select


@pytest.fixture(scope="session")
def functions(of_type: Any) -> dict[str, Any]:
    """Logical id → properties, as written."""
    return {id: each["Properties"] for id, each in of_type("AWS::Serverless::Function").items()}


@pytest.fixture(scope="session")
def target() -> Any:
    """The logical id that a `!Ref` or `!GetAtt` points at."""

    def follow(link: Mapping[str, Any]) -> str:
        ((kind, where),) = link.items()
        assert kind in LINK, link
        return str(where).partition(".")[0]

    return follow


@pytest.fixture(scope="session")
def grants(of_type: Any) -> dict[str, dict[str, set[str]]]:
    """Role → resource → actions. A resource reads `FunctionsTable` or `FunctionsTable/index/due`."""
    found: dict[str, dict[str, set[str]]] = {}
    for id, role in of_type("AWS::IAM::Role").items():
        granted = found.setdefault(id, {})
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert statement.keys() == {"Effect", "Action", "Resource"}, id
                assert statement["Effect"] == "Allow", id
                for resource in map(_resource, statement["Resource"]):
                    granted.setdefault(resource, set()).update(statement["Action"])
    return found


def _resource(link: Mapping[str, Any]) -> str:
    ((kind, where),) = link.items()
    if kind == "Fn::Sub":
        return str(where).replace("${", "").replace(".Arn}", "")
    assert kind in LINK, f"{link} is not the ARN of one resource of this stack"
    return str(where).removesuffix(".Arn").replace(".", "/")


@pytest.fixture(scope="session")
def sam() -> Path:
    if not SAM_ENVIRONMENT.is_dir():
        pytest.skip("aws-sam-cli is not set up: `make sam-validate` does it")
    return SAM_ENVIRONMENT


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Any:
    """Work that all test processes of this run share: the first does it, the others wait and use it."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent

    @contextmanager
    def locked(name: str) -> Iterator[tuple[Path, bool]]:
        folder = shared / f"template-{name}"
        with (shared / f"template-{name}.lock").open("w") as lock:
            flock(lock, LOCK_EX)
            yield folder, not folder.exists()

    return locked


@pytest.fixture(scope="session")
def expanded(sam: Path, once: Any) -> dict[str, Any]:
    """What CloudFormation is given: SAM's own transform, in its own environment."""
    with once("expanded") as (folder, first):
        if first:
            script = Path(__file__).with_name("expand.py")
            environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
            done = subprocess.run(
                [sam / "python", script, TEMPLATE],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            folder.mkdir()
            (folder / "template.json").write_text(done.stdout)
    document: dict[str, Any] = json.loads((folder / "template.json").read_text())
    return document


@pytest.fixture(scope="session")
def built(sam: Path, once: Any) -> Path:
    """The folder that `sam build` fills, with wheels for this machine: the tests import what was built."""
    with once("build") as (folder, first):
        if first:
            environment = {
                **os.environ,
                "AWS_DEFAULT_REGION": "eu-central-1",
                "SAM_CLI_TELEMETRY": "0",
                "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "PLATFORM": "",
            }
            command = [sam / "sam", "build", "--parallel", "--build-dir", folder, "--template", TEMPLATE]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    return folder
