"""What a rollout needs before it begins: secrets, on one's own machine and in an account."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from slipway import names, secrets
from slipway.errors import DeployError
from slipway.paths import Checkout
from slipway.release import furnish
from slipway.release.progress import Options, Progress
from slipway.release.world import Site
from tests.fake_ecs import FakeEcs
from tests.release_site import make_site
from tests.samples import make_service


def told(site: Site) -> str:
    assert isinstance(site.console.err, io.StringIO)
    return site.console.err.getvalue()


def prepared(site: Site, tmp_path: Path, target: Literal["aws", "embedded"]) -> Any:
    """The site as one of that target, its checkout elsewhere, after Terraform made the entries."""
    environment = replace(site.settings.environment, target=target)
    for name in ("KEYS", "TOKEN"):
        identity = names.secret(site.settings, "app", name)
        site.aws.secretsmanager.create_secret(Name=identity, SecretString=secrets.PLACEHOLDER)
    settings = replace(site.settings, environment=environment)
    return cast(Any, replace(site, settings=settings, checkout=Checkout(tmp_path)))


def value(site: Site, name: str) -> str:
    identity = names.secret(site.settings, "app", name)
    return site.aws.secretsmanager.get_secret_value(SecretId=identity)["SecretString"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service's folder with values for this machine."""
    made = tmp_path / "services" / "app"
    made.mkdir(parents=True)
    (made / "local.env").write_text("KEYS=from-the-file\nTOKEN=t0ken\n")
    return made


def test_an_embedded_aws_gets_the_values_of_the_file(folder: Path, tmp_path: Path) -> None:
    """A line for each, without the value; what somebody has set stays."""
    service = make_service("app", folder=folder, secrets=["KEYS", "TOKEN"])
    with make_site(FakeEcs([]), service) as site:
        world = prepared(site, tmp_path, "embedded")
        secrets.put(site.aws, site.settings, "app", "TOKEN", "by hand")
        progress = Progress(options=Options(), chosen=("app",))
        furnish.demand_secrets(world, progress)
        assert (value(site, "KEYS"), value(site, "TOKEN")) == ("from-the-file", "by hand")
        assert "app: KEYS had no value, and got that of services/app/local.env" in told(site)
        assert "from-the-file" not in told(site)


def test_what_the_file_lacks_is_asked_for(folder: Path, tmp_path: Path) -> None:
    """An empty value is none."""
    (folder / "local.env").write_text("KEYS=\nTOKEN=t0ken\n")
    service = make_service("app", folder=folder, secrets=["KEYS", "TOKEN"])
    with make_site(FakeEcs([]), service) as site:
        world = prepared(site, tmp_path, "embedded")
        with pytest.raises(DeployError, match="1 secrets have no value") as refused:
            furnish.demand_secrets(world, Progress(options=Options(), chosen=("app",)))
    assert "--name=KEYS" in str(refused.value)


def test_an_account_never_gets_them(folder: Path, tmp_path: Path) -> None:
    """They are in the repository."""
    service = make_service("app", folder=folder, secrets=["KEYS", "TOKEN"])
    with make_site(FakeEcs([]), service) as site:
        world = prepared(site, tmp_path, "aws")
        with pytest.raises(DeployError, match="2 secrets have no value"):
            furnish.demand_secrets(world, Progress(options=Options(), chosen=("app",)))
        assert not secrets.is_set(value(site, "KEYS"))
