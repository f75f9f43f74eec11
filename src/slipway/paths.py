"""Where things are in a checkout; the only place that knows the folder names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slipway.errors import ConfigError


@dataclass(frozen=True)
class Checkout:
    """A Slipway monorepo, by its top folder. Everything made at run time is in `.slipway/`."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "slipway.toml"

    @property
    def services(self) -> Path:
        return self.root / "services"

    @property
    def infra(self) -> Path:
        return self.root / "infra"

    @property
    def template(self) -> Path:
        return self.root / "templates" / "service"

    @property
    def embedded_project(self) -> Path:
        return self.root / "src" / "embedded_aws"

    @property
    def work(self) -> Path:
        return self.root / ".slipway"

    def shown(self, path: Path) -> str:
        """`path` as a user types it: relative to the top folder where it is inside."""
        try:
            return str(path.relative_to(self.root))
        except ValueError:
            return str(path)


def find_checkout(start: Path | None = None) -> Checkout:
    """The checkout that holds `start` (default: the current folder)."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "slipway.toml").is_file():
            return Checkout(folder)
    raise ConfigError(
        f"no slipway.toml in {here} or above it",
        next_step="change to the top folder of your Slipway checkout",
    )
