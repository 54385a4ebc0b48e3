import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.containers import ENV_BYTES, checked_command, checked_env, checked_image

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:alpine",
        "library/nginx",
        "team/app_one/sub-part:1.2.3",
        "a__b/c--d.e",
        "localhost/app",
        "localhost:5000/app",
        "registry.example.com/team/app:1.2",
        "registry.example.com:5000/team/app:1.2",
        "Registry.Example.COM/team/app",
        "registry:5000/app",
        "10.0.0.1:5000/app",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:latest",
        f"nginx@{DIGEST}",
        f"nginx:alpine@{DIGEST}",
        f"registry.example.com/team/app@{DIGEST}",
        "a:" + "t" * 128,
        "app:V1_2-rc.3",
    ],
)
def test_images_that_may_be_wanted(image: str) -> None:
    assert checked_image(image) == image


@pytest.mark.parametrize(
    "image",
    [
        "",
        " nginx",
        "nginx ",
        "nginx\n",
        "Nginx",
        "nginx:",
        ":alpine",
        "nginx:al pine",
        "nginx:-x",
        "a:" + "t" * 129,
        "/nginx",
        "nginx/",
        "a//b",
        "a/../b",
        "-nginx",
        "nginx-",
        "a..b",
        "a___b",
        "http://nginx",
        "user@host/app",
        "nginx@sha256:short",
        f"nginx@{DIGEST.upper()}",
        f"@{DIGEST}",
        "registry.example.com:port/app",
        "Team/app",
        "nginx;rm -rf",
        "$(id)",
        "näginx",
        "nginx:\uff11",
    ],
)
def test_what_is_no_image(image: str) -> None:
    with pytest.raises(ValueError, match="not an image reference"):
        checked_image(image)


@given(st.text(st.sampled_from("aA0./:-_@"), max_size=512))
def test_any_text_is_judged_quickly(text: str) -> None:
    try:
        checked_image(text)
    except ValueError:
        return
    assert text[0].isalnum()
    assert text[-1].isalnum() or text[-1] in "._-"


@pytest.mark.parametrize("name", ["A", "_", "a1_B", "PATH", "A" * 128, "EVENTFLOW", "eventflow_input"])
def test_names_of_environment_variables(name: str) -> None:
    assert checked_env({name: ""}) == {name: ""}


@pytest.mark.parametrize(
    "name", ["", "1", "A-B", "A B", "A=B", "A" * 129, "Ä", "A\n", "EVENTFLOW_X", "EVENTFLOW_"]
)
def test_what_cannot_name_one(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot name|reserved"):
        checked_env({name: ""})


def test_bytes_are_counted_not_characters() -> None:
    fits = "é" * ((ENV_BYTES - 1) // 2)
    assert checked_env({"A": fits})
    with pytest.raises(ValueError, match="more than 32768 bytes"):
        checked_env({"A": fits + "é"})
    assert checked_command(["é" * (ENV_BYTES // 2)])
    with pytest.raises(ValueError, match="more than 32768 bytes"):
        checked_command(["é" * (ENV_BYTES // 2), "x"])


@pytest.mark.parametrize("check", [lambda: checked_env({"A": "b\0"}), lambda: checked_command(["b\0"])])
def test_nul_reaches_no_process(check: object) -> None:
    assert callable(check)
    with pytest.raises(ValueError, match="NUL"):
        check()
