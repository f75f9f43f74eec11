"""The workflows of GitHub Actions: what they may do, when they run, and what they type."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from invoke.program import Program

import noxfile
from slipway.cli.commandline import check
from slipway.cli.root import namespace
from tests.workflows import (
    ACTIONS,
    BY_HAND,
    DEVELOP,
    FOLDER,
    MAIN,
    NAMES,
    NIGHTLY,
    ROOT,
    Job,
    condition,
    contexts,
    evaluate,
    github,
    load,
    pull_request,
    value,
)

TASKS, CORE = namespace(), Program().initial_context

CODE = {"contents": "read"}
AWS = {**CODE, "id-token": "write"}
JOBS = {
    ("code_quality", "check"): CODE,
    ("code_quality", "plan"): {**AWS, "pull-requests": "write"},
    ("code_quality", "gate"): CODE,
    ("deploy", "check"): CODE,
    ("deploy", "build"): AWS,
    ("deploy", "deploy"): AWS,
    ("deploy", "promote"): AWS,
    ("rollback", "rollback"): AWS,
    ("drift", "drift"): {**AWS, "issues": "write"},
}
"""Every job with all that it may do."""

ENVIRONMENTS = tomllib.loads((ROOT / "slipway.toml").read_text())["environments"]


def test_every_job_may_do_what_it_is_for_and_nothing_else() -> None:
    """Nothing at the top; a new job has to be written down here."""
    found = {
        (name, job): text["permissions"]
        for name in NAMES
        for job, text in load(name)["jobs"].items()
    }
    assert found == JOBS
    assert all(load(name)["permissions"] == {} for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_few_and_pinned_by_commit(name: str) -> None:
    """By the whole commit, with its version behind it."""
    used = re.findall(r"uses: (.*)", (FOLDER / f"{name}.yml").read_text())
    for line in used:
        pinned = re.fullmatch(r"([\w/-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
        assert pinned, line
        assert pinned[1] in ACTIONS


@pytest.mark.parametrize("name", NAMES)
def test_what_strangers_wrote_is_never_code(name: str) -> None:
    """Expressions get into a shell by its environment only; secrets are in none of them."""
    text = (FOLDER / f"{name}.yml").read_text()
    assert "secrets." not in text
    for job in load(name)["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 120
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


def test_the_gate_waits_for_every_job() -> None:
    """A job that nobody requires would be in vain."""
    jobs = load("code_quality")["jobs"]
    assert set(jobs["gate"]["needs"]) == jobs.keys() - {"gate"}
    assert jobs["gate"]["if"] == "always()"


@pytest.mark.parametrize("name", NAMES)
def test_a_deploy_is_never_cancelled(name: str) -> None:
    """Only checks of what has changed again are."""
    assert load(name)["concurrency"]["cancel-in-progress"] is (name == "code_quality")


def test_the_choices_are_the_environments_of_the_project() -> None:
    """Another environment is one more choice; a protected one is not deployed to by hand."""
    accounts = {name for name, each in ENVIRONMENTS.items() if each["target"] == "aws"}
    free = {name for name in accounts if not ENVIRONMENTS[name].get("protected")}
    rollback = load("rollback")["on"]["workflow_dispatch"]["inputs"]
    deploy = load("deploy")["on"]["workflow_dispatch"]["inputs"]
    assert set(rollback["environment"]["options"]) == accounts
    assert set(deploy["environment"]["options"]) == free
    branches = {ENVIRONMENTS[name]["branch"] for name in accounts - free}
    assert set(load("deploy")["on"]["push"]["branches"]) == branches


def test_jobs_reach_the_registry_that_another_environment_has() -> None:
    """Its name is in slipway.toml for us, and beside the roles for Terraform."""
    for name, each in ENVIRONMENTS.items():
        variables = (ROOT / f"infra/environments/{name}.tfvars").read_text()
        said = re.findall(r'^registry_environment = "(.*?)"', variables, re.M)
        assert said == [home for home in [each.get("registry", name)] if home != name]


@pytest.mark.parametrize(
    ("name", "event", "more", "jobs"),
    [
        ("code_quality", pull_request(), {}, "check plan gate"),
        ("code_quality", pull_request("eve/shop"), {}, "check gate"),
        ("code_quality", pull_request(user="dependabot[bot]"), {}, "check gate"),
        ("code_quality", pull_request(), {"vars": {}}, "check gate"),
        ("code_quality", github("push", "refs/heads/feature"), {}, "check gate"),
        ("deploy", DEVELOP, {}, "check build deploy"),
        # Without `build`, on which it waits, `deploy` is skipped as well.
        ("deploy", MAIN, {}, "check deploy promote"),
        ("deploy", BY_HAND, {"inputs": {"environment": "dev"}}, "check build deploy"),
        ("rollback", BY_HAND, {"inputs": {"environment": "dev"}}, "rollback"),
        ("drift", NIGHTLY, {}, "drift"),
        ("drift", NIGHTLY, {"vars": {}}, ""),
    ],
)
def test_who_runs_when(name: str, event: dict[str, Any], more: dict[str, Any], jobs: str) -> None:
    """Which conditions hold."""
    given = contexts(event, **more)
    chosen = [
        job
        for job, text in load(name)["jobs"].items()
        if "if" not in text or condition(text["if"], given)
    ]
    assert chosen == jobs.split()


def test_main_never_deploys_what_it_builds() -> None:
    """`deploy` waits for `build`, which main has not; production is promoted to."""
    jobs = load("deploy")["jobs"]
    assert set(jobs["deploy"]["needs"]) == {"check", "build"}
    assert "if" not in jobs["deploy"]
    assert not condition(jobs["build"]["if"], contexts(MAIN))
    assert jobs["promote"]["environment"] == "prod"
    assert jobs["promote"]["needs"] == ["check"]


@pytest.mark.parametrize(
    ("event", "inputs", "environment"),
    [(DEVELOP, {}, "staging"), (BY_HAND, {"environment": "test"}, "test")],
)
def test_where_a_deploy_goes(
    event: dict[str, Any], inputs: dict[str, str], environment: str
) -> None:
    """Its GitHub environment, whose rules guard the roles, is the one that it is told."""
    for name in ("build", "deploy"):
        job, given = load("deploy")["jobs"][name], contexts(event, inputs=inputs)
        assert value(job["environment"], given) == environment
        assert value(job["steps"][-1]["env"]["ENVIRONMENT"], given) == environment


RECORDS = """#!/bin/sh
printf '%s\\n' "$*" >> "$RECORD"
case "$*" in *affected*) printf 'catalog\\ngreeter\\n';; *plan*) echo '## Plan';; esac
"""


def typed(
    tmp_path: Path, workflow: str, job: str, given: dict[str, Any]
) -> tuple[list[str], dict[str, str]]:
    """What the steps of a job type, and what they leave in the environment; nothing is done."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "uv").write_text(RECORDS)
    (tools / "uv").chmod(0o755)
    record = tmp_path / "record"
    env = {"PATH": f"{tools}:/usr/bin:/bin", "RECORD": str(record)}
    made = Job(workflow, job, given, tmp_path, tmp_path, env)
    assert made.run() == 0, made.said
    lines = record.read_text().splitlines()
    assert all(line.startswith("run ") for line in lines)
    return [line.removeprefix("run ") for line in lines], made.kept()


RELEASE = "20261120T105500Z-3fa9c1"
LOOKS = {"environment": "prod", "service": "greeter", "release": RELEASE, "look": True}
GOES = {"environment": "dev", "service": "greeter", "release": "", "look": False}
UNDER = "--wait=1800 --on-interrupt=rollback"


@pytest.mark.tools
@pytest.mark.parametrize(
    ("workflow", "job", "given", "want"),
    [
        (
            *("code_quality", "check", contexts(pull_request(), matrix={"session": "lint"})),
            ["invoke setup", "invoke affected --base=HEAD^1", "nox -s lint"],
        ),
        (
            *("code_quality", "plan", contexts(pull_request())),
            [
                "invoke setup",
                "invoke plan --env=staging --base=HEAD^1 --markdown",
                "invoke ci.comment --pull-request=7 --name=plan --file=plan.md",
            ],
        ),
        (
            *("code_quality", "gate", contexts(pull_request(), needs={"a": {"result": "b c"}})),
            ['invoke ci.gate --needs={"a": {"result": "b c"}} --may-skip=plan'],
        ),
        ("deploy", "check", contexts(MAIN), ["invoke setup", "nox -s lint test security"]),
        ("deploy", "build", contexts(DEVELOP), ["invoke setup", "invoke build --env=staging"]),
        (
            *("deploy", "deploy", contexts(DEVELOP)),
            ["invoke setup", f"invoke deploy --env=staging --only-changed {UNDER}"],
        ),
        (
            *("deploy", "deploy"),
            contexts(BY_HAND, inputs={"environment": "dev", "services": "a,b"}),
            ["invoke setup", f"invoke deploy --env=dev --service=a,b --only-changed {UNDER}"],
        ),
        (
            *("deploy", "promote", contexts(MAIN)),
            ["invoke setup", f"invoke promote --from=staging --to=prod --merged {UNDER}"],
        ),
        (
            *("rollback", "rollback", contexts(BY_HAND, inputs=GOES)),
            ["invoke rollback --env=dev --service=greeter --wait=600"],
        ),
        (
            *("rollback", "rollback", contexts(BY_HAND, inputs=LOOKS)),
            [f"invoke rollback --env=prod --service=greeter --to={RELEASE} --dry-run --wait=600"],
        ),
        (
            *("drift", "drift"),
            contexts(NIGHTLY, matrix={"environment": "prod"}),
            ["invoke setup", "invoke ci.drift --env=prod"],
        ),
    ],
)
def test_what_a_job_types(
    tmp_path: Path, workflow: str, job: str, given: dict[str, Any], want: list[str]
) -> None:
    """Each step in order, by bash; every task and flag, and every session, is there."""
    words, _ = typed(tmp_path, workflow, job, given)
    assert words == want
    for line in words:
        program, *arguments = line.split(" ") if "{" not in line else shlex.split(quoted(line))
        if program == "invoke":
            check(TASKS, arguments, CORE, "")
        else:
            assert all(hasattr(noxfile, session) for session in arguments[1:])


def quoted(line: str) -> str:
    """The line with its JSON as one word."""
    return re.sub(r"(\{.*\})", r"'\1'", line)


@pytest.mark.tools
def test_a_pull_request_checks_what_it_changes(tmp_path: Path) -> None:
    """The services that differ; elsewhere nothing is said, so all of them."""
    chosen = {"matrix": {"session": "test"}}
    _, left = typed(tmp_path, "code_quality", "check", contexts(pull_request(), **chosen))
    assert left == {"SLIPWAY_SERVICES": "catalog,greeter"}
    push = github("push", "refs/heads/feature")
    _, left = typed(tmp_path, "code_quality", "check", contexts(push, **chosen))
    assert left == {}


@pytest.mark.parametrize(
    "text", ["github.nothing", "secrets.KEY", "hashFiles('a')", "a < b", "1 +"]
)
def test_what_is_not_understood_fails(text: str) -> None:
    """The evaluator guesses nothing."""
    with pytest.raises((AssertionError, KeyError)):
        evaluate(text, contexts(MAIN))


def test_expressions_are_understood_as_github_does() -> None:
    """The last one that counts wins, and text is compared as it stands."""
    given = contexts(pull_request(), inputs={"look": False, "environment": "dev"})
    assert evaluate("inputs.look && '--dry-run' || ''", given) == ""
    assert evaluate("inputs.other || 'staging'", given) == "staging"
    assert value("deploy-${{ inputs.environment || github.ref_name }}", given) == "deploy-dev"
    assert evaluate("contains(fromJSON(vars.SLIPWAY_ENVIRONMENTS || '[]'), 'prod')", given) is True
    assert json.loads(evaluate("toJSON(inputs)", given))["look"] is False
