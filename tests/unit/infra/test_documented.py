"""What can be set is written down."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hcl import INFRA, MODULES, STACKS, blocks

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/infrastructure.md").read_text()
GIVEN = {"environment", "owner", "project", "protected", "region"}
"""Variables that come from slipway.toml."""


def test_every_variable_of_an_environment_is_explained() -> None:
    """docs/infrastructure.md has a row for each variable of the platform stack, and no other."""
    declared = {block.name for block in blocks(INFRA / "platform", "variable")}
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert declared - GIVEN == set(rows)


def test_the_page_knows_the_defaults() -> None:
    """What a row says a variable is, unless somebody sets it, is what the HCL says."""
    words = {'""': "none", "[]": "none", "{ main = {} }": "`main`"}
    words |= {f'"{name}"': f"`{name}`" for name in ("main", "one", "10.1.0.0/16")}
    said = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE, re.MULTILINE))
    given = {
        block.name: block.value("default")
        for block in blocks(INFRA / "platform", "variable")
        if block.name not in GIVEN
    }
    same_as = {"github_plan_subjects": "the same"}
    assert said == {name: words.get(value, value) for name, value in given.items()} | same_as


def test_every_log_group_is_on_the_page() -> None:
    """Whoever looks for a line finds where it goes."""
    named = {
        group.value("name").strip('"')
        for folder in (*STACKS, *MODULES)
        for group in blocks(folder, "resource")
        if group.labels[0] == "aws_cloudwatch_log_group"
    }
    environments = r"\$\{(?:var|local)\.(?:name|identifiers\[.*?\]\])\}.*"
    shown = {re.sub(environments, "", name) for name in named}
    assert shown == {"/apigateway/", "/aws/rds/instance/", "/ecs/", "/vpc/", "aws-waf-logs-"}
    assert {name for name in shown if f"| `{name}<" not in PAGE} == set()


def test_the_page_tells_requests_from_other_lines() -> None:
    """By the name of the logger that the template's services write them with."""
    template = ROOT / "templates/service/{{cookiecutter.name}}/src/{{cookiecutter.__module}}"
    assert '.access"' in (template / "logs.py").read_text()
    assert '$.logger = "*.access"' in PAGE
