"""YAML as Go's programs read it into texts."""

from __future__ import annotations

from typing import Any

import yaml


class Loader(yaml.SafeLoader):
    """Plain values are texts, but for empty ones; a key that is there twice is an error."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in known if tag.endswith((":null", ":merge"))]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A table. Raises `ConstructorError` where a key is there twice."""
        seen: set[str] = set()
        for key, _ in getattr(node, "value", ()):
            if key.tag.endswith(":merge"):
                continue
            if not key.tag.endswith(":str") or key.value in seen:
                reason = f"{key.value}: a key must be a text, and be there once"
                raise yaml.constructor.ConstructorError(None, None, reason, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)
