"""Every kind of resource that the infrastructure uses: applied, planned without difference, gone.

Each folder of tests/cases/terraform is one configuration for the real provider.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway import tools
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from tests.e2e.embedded import Embedded

pytestmark = [pytest.mark.e2e, pytest.mark.tools]

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "terraform"
NO_DIFFERENCE = 0


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One instance for all cases, with nothing left behind."""
    instance = Embedded.make(tmp_path_factory.mktemp("terraform"))
    instance.up()
    yield instance
    instance.reset()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Terraform's settings: the provider of this machine where there is one."""
    config = tmp_path_factory.mktemp("settings") / "terraformrc"
    config.write_text(tools.cli_config(Checkout(ROOT)))
    return {"TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}


def make_certificate(folder: Path) -> None:
    """A key and a certificate of nobody's for the HTTPS listener."""
    files = ("-keyout", folder / "key.pem", "-out", folder / "certificate.pem")
    name = ("-subj", "/CN=app.example.com", "-addext", "subjectAltName=DNS:app.example.com")
    argv = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *name)
    subprocess.run(argv, check=True, capture_output=True)


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/main.tf")))
def test_resources_are_as_they_were_asked_for(
    embedded: Embedded, settings: dict[str, str], tmp_path: Path, case: str
) -> None:
    """Applied; a second plan finds no difference; destroyed."""
    program = tools.terraform(Checkout(ROOT), SubprocessRunner())
    folder = tmp_path / case
    shutil.copytree(CASES / case, folder)
    shutil.copy(CASES / "common.tf", folder)
    if case == "edge":
        make_certificate(folder)
    endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{embedded.port}"}

    def terraform(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [program, *words, "-input=false", "-no-color"],
            cwd=folder,
            env={**os.environ, **settings, **endpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    for words in (("init",), ("apply", "-auto-approve")):
        code, said = terraform(*words)
        assert code == 0, said
    code, said = terraform("plan", "-detailed-exitcode")
    assert code == NO_DIFFERENCE, said
    code, said = terraform("destroy", "-auto-approve")
    assert code == 0, said
