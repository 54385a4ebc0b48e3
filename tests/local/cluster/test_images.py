"""What becomes of an image, decided from its name and what the machine has."""

import pytest

from local.cluster.kubelet.images import (
    CannotPull,
    Interpreter,
    NoProgram,
    Reference,
    Run,
    Simulate,
    decide,
    family_of,
    parse,
    refusal,
)

PYTHON = Interpreter("3.11.7", "/i")
SYSTEM = {
    "sh": "/bin/sh",
    "/bin/sh": "/bin/sh",
    "bash": "/bin/bash",
    "python3": "/usr/bin/python3",
    "/i/python": "/i/python",
    "/i/python3": "/i/python3",
    "/i/node": "/i/node",
}


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("python", Reference("python", "latest")),
        ("python:3.11-slim", Reference("python", "3.11-slim")),
        ("acme/web:1", Reference("acme/web", "1")),
        ("ghcr.io/acme/web:1", Reference("ghcr.io/acme/web", "1")),
        ("localhost:5000/web", Reference("localhost:5000/web", "latest")),
        ("python@sha256:" + "a" * 64, Reference("python", "")),
    ],
)
def test_names_are_read_as_registries_read_them(image, reference):
    assert parse(image) == reference


@pytest.mark.parametrize("image", ["", "Upper", "two words", "a:", "-a", "a//b", "a:b:c", "a@sha256:12"])
def test_what_no_registry_would_accept(image):
    assert parse(image) is None
    decision = refusal(image, long_running=True)
    assert isinstance(decision, CannotPull)
    assert decision.reason == "InvalidImageName"


@pytest.mark.parametrize(
    ("image", "family"),
    [
        ("python:3.12", "python"),
        ("docker.io/library/python:3.12-alpine", "python"),
        ("public.ecr.aws/docker/library/node:20", "node"),
        ("ruby", "ruby"),
        ("golang:1.22", "golang"),
        ("bash:5", "bash"),
        ("alpine", "shell"),
        ("busybox:1.36", "shell"),
        ("debian:12-slim", "debian"),
        ("ubuntu", "debian"),
        ("nginx:alpine", None),
        ("acme/python:3", None),
        ("ghcr.io/python:3", None),
    ],
)
def test_official_images_and_their_mirrors_have_a_family(image, family):
    found = family_of(parse(image))
    assert (found.name if found else None) == family


@pytest.mark.parametrize("long_running", [True, False])
@pytest.mark.parametrize("image", ["registry.invalid/python:3", "python:does-not-exist"])
def test_what_exists_nowhere_is_never_pulled(image, long_running):
    decision = refusal(image, long_running=long_running)
    assert isinstance(decision, CannotPull)
    assert decision.reason == "ErrImagePull"


def test_an_unknown_image_is_simulated_only_where_it_would_run_for_long():
    assert isinstance(refusal("nginx", long_running=True), Simulate)
    assert isinstance(refusal("nginx", long_running=False), CannotPull)


@pytest.mark.parametrize("long_running", [True, False])
def test_a_known_image_without_its_interpreter_cannot_run(long_running):
    decision = decide("ruby:3", (), (), None, SYSTEM, long_running=long_running)
    assert isinstance(decision, Simulate if long_running else CannotPull)


@pytest.mark.parametrize(
    ("image", "command", "args", "argv"),
    [
        pytest.param("python:3.11", (), (), ("python3",), id="the image's own command"),
        pytest.param("python:3.11", ("python", "a.py"), ("b",), ("python", "a.py", "b"), id="both"),
        pytest.param(
            "python:3.11", (), ("python", "a.py"), ("python", "a.py"), id="args replace the command"
        ),
        pytest.param("node:20", (), ("-e", "1"), ("node", "-e", "1"), id="an entrypoint that takes options"),
        pytest.param("bash:5", (), ("-c", "true"), ("bash", "-c", "true"), id="bash's entrypoint"),
        pytest.param("alpine", (), (), ("sh",), id="a shell"),
    ],
)
def test_command_and_args_mean_what_they_mean_in_a_pod(image, command, args, argv):
    decision = decide(image, command, args, PYTHON, SYSTEM, long_running=False)
    assert isinstance(decision, Run)
    assert decision.argv == argv


@pytest.mark.parametrize(
    ("image", "command"),
    [
        pytest.param("python:3.11", ("gunicorn",), id="not on this machine either"),
        pytest.param("alpine", ("python3", "-c", "1"), id="on this machine, but not in the image"),
        pytest.param("python:3.11", ("node",), id="another language's image has it"),
        pytest.param("python:3.11", ("/app/start",), id="a file of somebody's image"),
    ],
)
def test_a_program_that_the_image_has_not_is_not_borrowed_from_the_machine(image, command):
    decision = decide(image, command, (), PYTHON, SYSTEM, long_running=True)
    assert isinstance(decision, NoProgram)
    assert command[0] in decision.message


@pytest.mark.parametrize(
    ("image", "noted"),
    [
        ("python:3.11-slim", False),
        ("python:3", False),
        ("python:3.11.7", False),
        ("python:latest", False),
        ("python:slim", False),
        ("python:3.12", True),
        ("python:3.1", True),
        ("python:2", True),
    ],
)
def test_another_version_is_noted(image, noted):
    decision = decide(image, ("python", "-V"), (), PYTHON, SYSTEM, long_running=False)
    assert isinstance(decision, Run)
    assert bool(decision.note) is noted
