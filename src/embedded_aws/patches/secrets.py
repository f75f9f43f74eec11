"""Secrets Manager: without a value there is no version, the first one is current, labels stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from embedded_aws.patches import Symbols

CURRENT = "AWSCURRENT"
THEIRS = frozenset({CURRENT, "AWSPREVIOUS", "AWSPENDING"})
"""The labels that Secrets Manager itself moves."""
CONTENT = ("SecretString", "SecretBinary")

SYMBOLS: Symbols = {
    "services.secretsmanager._put_secret_value": ("data",),
    "services.secretsmanager._resolve": ("secret_id", "use_arn_scope"),
    "services.secretsmanager._secrets": None,
}
"""`_store_new_secret` is among those of `rds`."""


def apply() -> None:
    """Patch the service."""
    from ministack.services import secretsmanager

    theirs, store = secretsmanager._put_secret_value, secretsmanager._store_new_secret

    def store_new(name: str, *args: Any, **more: Any) -> Any:
        made = store(name, *args, **more)
        versions = secretsmanager._secrets[name]["Versions"]
        if all(each[kind] is None for each in versions.values() for kind in CONTENT):
            versions.clear()
        return made

    def put(data: Mapping[str, Any]) -> Any:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        stages = list(data.get("VersionStages") or [CURRENT])
        if secret is not None and not secret["Versions"] and CURRENT not in stages:
            stages.append(CURRENT)
        status, headers, body = theirs({**data, "VersionStages": stages})
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        answer["VersionStages"] = label(secret["Versions"], answer["VersionId"], stages)
        return status, headers, json.dumps(answer).encode()

    secretsmanager._store_new_secret = store_new
    secretsmanager._put_secret_value = put


def label(versions: Mapping[str, dict[str, Any]], version: str, stages: Sequence[str]) -> list[str]:
    """Put the labels among `stages` that are nobody else's on `version` alone; all that it has."""
    for stage in set(stages) - THEIRS:
        for other in versions.values():
            other["Stages"] = [each for each in other["Stages"] if each != stage]
        versions[version]["Stages"].append(stage)
    return list(versions[version]["Stages"])
