"""Prints template.yaml as CloudFormation is given it. Runs in aws-sam-cli's environment; see conftest.py."""

import json
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

document = yaml_parse(Path(sys.argv[1]).read_text(encoding="utf-8"))
for resource in document["Resources"].values():
    for code in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
        resource["Properties"][code] = "s3://bucket/key"  # as `sam package` would
defaults = {name: str(parameter["Default"]) for name, parameter in document["Parameters"].items()}
print(json.dumps(Translator({}, Parser()).translate(document, defaults), default=str))
