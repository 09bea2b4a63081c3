"""Documents as YAML text that people read and that `yaml_nodes` reads back as the very same document."""

from collections.abc import Sequence
from typing import Any

import yaml

from duetime.core.json_types import JsonObject

_WIDTH = 120
# Line breaks that PyYAML writes as they are and reads as something else, unless everything beyond ASCII is escaped.
_ODD_BREAKS = frozenset("\x85\u2028\u2029\ufeff")


class _Writer(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and repeats a value instead of pointing at it."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def write_yaml(documents: Sequence[JsonObject]) -> str:
    """Return one document, or several with `---` before each."""
    odd = any(character in text for text in _texts(list(documents)) for character in _ODD_BREAKS)
    return yaml.dump_all(
        documents,
        Dumper=_Writer,
        sort_keys=False,
        allow_unicode=not odd,
        default_flow_style=False,
        explicit_start=len(documents) > 1,
        width=_WIDTH,
    )


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    return [text for part in value for text in _texts(part)] if isinstance(value, list) else []
