from dataclasses import MISSING, fields

import pytest

from shared.config import MissingSetting, Settings

REQUIRED = {field.name.upper(): field.name for field in fields(Settings) if field.default is MISSING}


def test_what_is_required_is_enough() -> None:
    loaded = Settings.load(REQUIRED)
    assert loaded.events_table == "events_table"
    assert not loaded.dev_token_enabled, "handing out identities is opted into"


def test_variables_of_others_are_ignored() -> None:
    assert Settings.load(REQUIRED | {"PATH": "/bin", "HOME": "/root"}) == Settings.load(REQUIRED)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(MissingSetting, match=f"set {name}:"):
        Settings.load({key: value for key, value in REQUIRED.items() if key != name})


@pytest.mark.parametrize("name", ["SIGNING_SECRET", "TENANTS_TABLE"])
def test_an_empty_variable_is_missing(name: str) -> None:
    with pytest.raises(MissingSetting, match=f"set {name}:"):
        Settings.load(REQUIRED | {name: ""})


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(MissingSetting) as refusal:
        Settings.load({})
    assert all(name in str(refusal.value) for name in REQUIRED)


def test_no_secret_has_a_default() -> None:
    assert {"signing_secret", "cluster_secret"} <= set(REQUIRED.values())


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("1", True), ("false", False), ("0", False), ("", False)],
)
def test_switches(text: str, value: bool) -> None:
    assert Settings.load(REQUIRED | {"DEV_TOKEN_ENABLED": text}).dev_token_enabled is value


def test_numbers() -> None:
    assert Settings.load(REQUIRED | {"FUNCTIONS_PER_TENANT": "7"}).functions_per_tenant == 7


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DEV_TOKEN_ENABLED", "yes"),
        ("DEV_TOKEN_ENABLED", "tru"),
        ("FUNCTIONS_PER_TENANT", "many"),
        ("FUNCTIONS_PER_TENANT", ""),
        ("RUN_RETENTION_DAYS", "1.5"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_value(name: str, text: str) -> None:
    with pytest.raises(MissingSetting, match=f"{name}='{text}' cannot be read"):
        Settings.load(REQUIRED | {name: text})
