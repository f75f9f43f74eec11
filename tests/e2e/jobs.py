"""Jobs of GitHub's workflows in a checkout: their steps are run, their calls to AWS are noted."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.checkout import Clone
from tests.workflows import Contexts, Job

UV = """#!/bin/sh
shift
case "$1" in
  # What nox runs, CI runs by itself; here it has to know the session.
  nox) shift; exec "$PYTHON" -m nox --list "$@";;
esac
shift
# Once is enough: each job begins on a machine of its own, and here all share one.
if [ "$1" = setup ]; then [ -e "$RECORDS/ready" ] && exit 0; : > "$RECORDS/ready"; fi
export SLIPWAY_TEST_FAULTS="{\\"seed\\": 1, \\"shares\\": {}, \\"always\\": {}, \\
  \\"log\\": \\"$RECORDS/calls-$$\\"}"
exec "$PYTHON" -m tests.faulty "$@"
"""

GH = """#!/bin/sh
case "$*" in *--input*) cat >> "$RECORDS/sent"; echo >> "$RECORDS/sent";; esac
"""

SERVICES = {
    "application-auto-scaling": "application-autoscaling",
    "cloudwatch-logs": "logs",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "secrets-manager": "secretsmanager",
}
"""By botocore's name: what IAM calls a service, where that is another name."""

ACTIONS = {
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
}
"""By operation: the action that IAM asks for, where that is another one."""


@dataclass
class Ended:
    """A job that ran: how it ended, what its page says, its calls, and what GitHub was sent."""

    code: int
    said: str
    page: str
    actions: set[str]
    sent: list[dict[str, Any]]


def run(
    clone: Clone, scratch: Path, workflow: str, job: str, contexts: Contexts, names: dict[str, str]
) -> Ended:
    """Run a job's steps in a checkout; `names` are what environments are called there."""
    records = scratch / f"{workflow}-{job}"
    records.mkdir()
    env = {**clone.env, "PYTHON": sys.executable, "RECORDS": str(records)}
    env["PATH"] = f"{tools(scratch)}:{env['PATH']}"
    if any(scratch.glob("*/ready")):
        (records / "ready").touch()
    made = Job(workflow, job, contexts, clone.root, records, env, names)
    code = made.run()
    sent = records / "sent"
    return Ended(
        code=code,
        said="\n".join(each.stdout + each.stderr for each in made.said),
        page=made.summary,
        actions=actions(records),
        sent=[json.loads(line) for line in sent.read_text().splitlines()] if sent.exists() else [],
    )


def tools(scratch: Path) -> Path:
    """A folder with a `uv` and a `gh` of ours."""
    folder = scratch / "tools"
    folder.mkdir(exist_ok=True)
    for name, text in {"uv": UV, "gh": GH}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def actions(records: Path) -> set[str]:
    """What IAM would have been asked for; who somebody is, everybody may ask."""
    called: Mapping[str, None] = {
        json.loads(line)["operation"]: None
        for log in records.glob("calls-*")
        for line in log.read_text().splitlines()
    }
    found = set()
    for operation in called:
        service, _, name = operation.partition(".")
        action = f"{SERVICES.get(service, service)}:{name}"
        found.add(ACTIONS.get(action, action))
    return found - {"sts:GetCallerIdentity"}
