"""YAML with CloudFormation's short tags: `!Ref x` reads as `{"Ref": "x"}`, `!Sub y` as `{"Fn::Sub": "y"}`."""

from typing import Any

import yaml

from local.template.model import TemplateError

_WITHOUT_PREFIX = frozenset({"Ref", "Condition"})


class _Loader(yaml.CSafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            # YAML keeps the last of two equal keys: a second function of the same id would silently win.
            if key.value in seen:
                raise TemplateError(
                    (), f"line {key.start_mark.line + 1}: {key.value!r} appears twice; rename one"
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {tag if tag in _WITHOUT_PREFIX else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)
# `Version: 2012-10-17` is text to CloudFormation and a date to YAML.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def parse(text: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader, extended)
    except yaml.YAMLError as error:
        raise TemplateError((), f"not readable as YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateError((), "has no Resources; is this a SAM template?")
    return document
