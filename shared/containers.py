"""What a caller may ask of a container: image, command, environment. For everything that runs one."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

ENV_BYTES = 32 * 1024
RESERVED_ENV_PREFIX = "EVENTFLOW_"

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LABEL = r"[A-Za-z0-9][-A-Za-z0-9]*"
_PORT = r":\d{1,5}"
_HOST = rf"(?:localhost(?:{_PORT})?|{_LABEL}(?:(?:\.{_LABEL})+(?:{_PORT})?|{_PORT}))/"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG = r":\w[\w.-]{0,127}"
_DIGEST = r"@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}"
# The grammar of https://github.com/distribution/reference
_IMAGE = re.compile(rf"(?:{_HOST})?{_PART}(?:/{_PART})*(?:{_TAG})?(?:{_DIGEST})?", re.ASCII)


def checked_image(image: str) -> str:
    if not _IMAGE.fullmatch(image):
        raise ValueError("not an image reference such as nginx:alpine or registry.example.com/team/app:1.2")
    return image


def checked_env(env: dict[str, str]) -> dict[str, str]:
    for name, value in env.items():
        if not _ENV_NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} cannot name an environment variable: letters, digits and _ only")
        if name.startswith(RESERVED_ENV_PREFIX):
            raise ValueError(
                f"{name[:40]!r} is reserved: names beginning with {RESERVED_ENV_PREFIX} are ours"
            )
        if "\0" in value:
            raise ValueError(f"{name[:40]!r} holds a NUL character, which no process can receive")
    if sum(len(name) + len(value.encode()) for name, value in env.items()) > ENV_BYTES:
        raise ValueError(f"more than {ENV_BYTES} bytes in all")
    return env


def checked_command(command: list[str]) -> list[str]:
    if any("\0" in part for part in command):
        raise ValueError("holds a NUL character, which no process can receive")
    if sum(len(part.encode()) for part in command) > ENV_BYTES:
        raise ValueError(f"more than {ENV_BYTES} bytes in all")
    return command


Image = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(checked_image)]
Command = Annotated[list[str], Field(max_length=64), AfterValidator(checked_command)]
Env = Annotated[dict[str, str], Field(max_length=100), AfterValidator(checked_env)]
