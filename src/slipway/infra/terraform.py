"""Terraform's command lines as values; nothing here runs anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.command import Command, command

NO_CHANGES, CHANGES = 0, 2
"""Codes of `plan -detailed-exitcode`; 1 is an error."""

COLLECT_LESS = {"GOGC": "400"}
"""How Go collects garbage in Terraform and its providers (docs/decisions/0232)."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Where the state of a stack lies: an S3 bucket, locked by a table and by a lock file."""

    bucket: str
    key: str
    region: str
    lock_table: str

    def arguments(self) -> tuple[str, ...]:
        """The partial backend configuration for `init`.

        `use_lockfile` as well as `dynamodb_table`: locking by table is deprecated upstream, and
        holding both keeps older and newer Terraform versions out of each other's way.
        """
        settings = {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "dynamodb_table": self.lock_table,
            "use_lockfile": "true",
            "encrypt": "true",
        }
        return tuple(f"-backend-config={name}={value}" for name, value in settings.items())


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """Builds commands for one folder of HCL with one data folder (in `env`)."""

    binary: Path
    folder: Path
    env: Mapping[str, str | None]
    secrets: tuple[str, ...] = ()

    def init(self, backend: Backend) -> Command:
        """Backend, modules and provider; never copies a state, never writes the lock file."""
        options = ("-input=false", "-no-color", "-reconfigure", "-lockfile=readonly")
        return self._command("init", *options, *backend.arguments())

    def select_workspace(self, name: str) -> Command:
        """Go to a workspace that exists."""
        return self._command("workspace", "select", "-no-color", name)

    def new_workspace(self, name: str) -> Command:
        """Create an empty workspace and go there."""
        return self._command("workspace", "new", "-no-color", name, mutates=True)

    def plan(
        self,
        out: Path,
        var_files: Sequence[Path],
        *,
        lock: bool = True,
        lock_timeout: int = 0,
        destroy: bool = False,
        refresh: bool = True,
    ) -> Command:
        """Write a plan to `out`; ends with `NO_CHANGES` or `CHANGES`. `lock_timeout` in s.

        Without `lock` it is for reading only: another run may change what it is about.
        """
        options = ["-input=false", "-json", "-detailed-exitcode"]
        options += [f"-lock-timeout={lock_timeout}s"] if lock else ["-lock=false"]
        options += ["-destroy"] if destroy else []
        options += [] if refresh else ["-refresh=false"]
        files = [f"-var-file={file}" for file in var_files]
        return self._command("plan", *options, f"-out={out}", *files)

    def show(self, plan: Path) -> Command:
        """A written plan as JSON."""
        return self._command("show", "-json", plan)

    def apply(self, plan: Path, *, lock_timeout: int = 0) -> Command:
        """Do exactly what a written plan says. `lock_timeout` in s."""
        options = ("-input=false", "-json", f"-lock-timeout={lock_timeout}s")
        return self._command("apply", *options, plan, mutates=True)

    def pull(self) -> Command:
        """The state as JSON: serial, outputs, resources."""
        return self._command("state", "pull")

    def _command(self, *words: str | Path, mutates: bool = False) -> Command:
        return command(
            self.binary,
            *words,
            env=self.env,
            cwd=self.folder,
            mutates=mutates,
            secrets=self.secrets,
        )


def environment(data_dir: Path, *, cli_config: Path | None) -> dict[str, str | None]:
    """The variables that decide what a Terraform process does; None removes one.

    `TF_WORKSPACE` never gets through: with it a typo silently plans against an empty state. Nor
    does a plugin cache: it is not made for several inits at once, and the mirror is shared anyway.
    """
    return {
        **COLLECT_LESS,
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_ARGS": None,
        "TF_DATA_DIR": str(data_dir),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_LOG": None,
        "TF_PLUGIN_CACHE_DIR": None,
        "TF_WORKSPACE": None,
        **({"TF_CLI_CONFIG_FILE": str(cli_config)} if cli_config else {}),
    }
