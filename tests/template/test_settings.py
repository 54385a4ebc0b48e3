"""The template sets what the code reads, and nothing that nobody reads."""

import json
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.template import Template
from shared.config import Settings
from shared.reconciler.manifests import KEPT_SECONDS, START_SECONDS
from shared.runs.rules import QUEUE_DEADLINE

READ_BY_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "LOG_LEVEL"}
FIELDS = {field.name.upper(): field for field in fields(Settings)}


def test_every_setting_without_a_default_is_set(loaded: Template) -> None:
    required = {name for name, field in FIELDS.items() if field.default is MISSING}
    for function in loaded.functions.values():
        assert required <= set(function.environment), function.id


def test_every_variable_is_read(written: dict[str, Any]) -> None:
    variables = set(written["Globals"]["Function"]["Environment"]["Variables"])
    assert variables <= set(FIELDS) | READ_BY_POWERTOOLS


def test_what_is_deployed_by_default_is_what_the_code_assumes(written: dict[str, Any]) -> None:
    variables = written["Globals"]["Function"]["Environment"]["Variables"]
    parameters = written["Parameters"]
    deployed = {
        name: str(parameters[value["Ref"]]["Default"])
        for name, value in variables.items()
        if name in FIELDS and isinstance(value, dict) and value.get("Ref") in parameters
    }
    assert deployed == {name: str(FIELDS[name].default).replace("False", "false") for name in deployed}
    assert len(deployed) >= 5


def test_development_tokens_are_off_unless_asked_for(written: dict[str, Any]) -> None:
    assert written["Parameters"]["DevTokenEnabled"]["Default"] == "false"


def test_the_longest_run_is_over_before_the_shortest_memory_of_it(written: dict[str, Any]) -> None:
    parameters = written["Parameters"]
    longest = QUEUE_DEADLINE + timedelta(
        seconds=START_SECONDS + parameters["InvocationTimeoutSeconds"]["MaxValue"] + KEPT_SECONDS
    )
    assert longest < timedelta(days=parameters["RunRetentionDays"]["MinValue"])


def test_sam_local_is_told_the_names_that_it_cannot_look_up(root: Path, written: dict[str, Any]) -> None:
    variables = written["Globals"]["Function"]["Environment"]["Variables"]
    resources = {
        name
        for name, value in variables.items()
        if isinstance(value, dict) and value.get("Ref") in written["Resources"]
    }
    told = json.loads((root / "events" / "environment.json").read_text(encoding="utf-8"))
    assert set(told["Parameters"]) == resources
