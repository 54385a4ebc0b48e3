"""The file by which clients find the emulator."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import yaml


def write(path: Path, url: str, token: str) -> None:
    """Written at once and readable by its owner only: it holds the token."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        yaml.safe_dump(document(url, token), file, sort_keys=False)
    new.replace(path)


def document(url: str, token: str) -> dict[str, object]:
    place = urlsplit(url)
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "eventflow",
        "clusters": [
            {"name": "eventflow", "cluster": {"server": url}},
            # kubectl sends no bearer token over plain HTTP; the user of a URL it does send.
            {"name": "kubectl", "cluster": {"server": f"{place.scheme}://kubectl:{token}@{place.netloc}"}},
        ],
        "users": [{"name": "eventflow", "user": {"token": token}}],
        "contexts": [
            {
                "name": "eventflow",
                "context": {"cluster": "eventflow", "user": "eventflow", "namespace": "default"},
            },
            {
                "name": "kubectl",
                "context": {"cluster": "kubectl", "user": "eventflow", "namespace": "default"},
            },
        ],
    }
