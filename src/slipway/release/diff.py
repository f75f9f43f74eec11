"""What is different between two releases of a service: commits, image, revision, configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.aws import Aws, calls, error_code
from slipway.command import Command
from slipway.git import git
from slipway.release.ledger import Release
from slipway.rollout import observe
from slipway.rollout.decide import short
from slipway.runner import Runner

MISSING = "(none)"
_ASSIGNED = frozenset(
    {
        *("taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy"),
        *("deregisteredAt", "compatibilities", "requiresAttributes"),
    }
)
"""Of a revision, what tells nothing about what runs."""

_KEYS = ("name", "Name", "key", "containerPath", "sourceVolume")
"""What the members of a list are known by, where they have such a field."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value that is different."""

    key: str
    before: object
    after: object

    def __str__(self) -> str:
        return f"{self.key}: {self.before} -> {self.after}"


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What lies between two releases. `commits` begin with `>` for a new one, `<` for one left."""

    before: Release
    after: Release
    image: tuple[Change, ...]
    commits: tuple[str, ...]
    task_definition: tuple[Change, ...]
    configuration: tuple[Change, ...]
    notes: tuple[str, ...] = ()


def diff(aws: Aws, runner: Runner, root: Path, before: Release, after: Release) -> Diff:
    """Compare two releases of a service; what is not to be had any more is a note."""
    notes: list[str] = []
    return Diff(
        before=before,
        after=after,
        image=tuple(changes(_image(before), _image(after))),
        commits=tuple(commits(runner, root, before, after, notes)),
        task_definition=tuple(_revisions(aws, before, after, notes)),
        configuration=tuple(changes(before.configuration, after.configuration)),
        notes=tuple(notes),
    )


def changes(before: Any, after: Any) -> Iterator[Change]:
    """Every leaf that is different, by its dotted key; pure."""
    old, new = dict(leaves(before)), dict(leaves(after))
    for key in sorted({*old, *new}):
        if old.get(key, MISSING) != new.get(key, MISSING):
            yield Change(key=key, before=old.get(key, MISSING), after=new.get(key, MISSING))


def leaves(value: Any, above: str = "") -> Iterator[tuple[str, object]]:
    """Dotted keys and values; members of a list go by their name, others by their place; pure."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, f"{above}.{key}" if above else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, each in enumerate(value):
            label = _label(each, number)
            yield from leaves(_unnamed(each), f"{above}.{label}" if above else label)
    else:
        yield above, value


def log(root: Path, folder: str, before: str, after: str) -> Command:
    """The commits that touch a folder and are in one of two, not in both."""
    words = ("log", "--left-right", "--format=%m %h %s", f"{before}...{after}", "--", folder)
    return git(root, *words)


def commits(
    runner: Runner, root: Path, before: Release, after: Release, notes: list[str]
) -> list[str]:
    """The commits between them that touch the service, newest first."""
    if not before.commit or not after.commit:
        notes.append("a release was made without git: its commit is not known")
        return []
    if before.commit == after.commit:
        return []
    asked = log(root, f"services/{after.service}", before.commit, after.commit)
    answer = runner.run(asked, check=False)
    if answer.code:
        notes.append(f"this checkout lacks a commit of {before.commit[:8]}...{after.commit[:8]}")
        return []
    return answer.stdout.splitlines()


def _image(release: Release) -> dict[str, object]:
    return {
        "version": release.version,
        "digest": release.digest,
        "commit": release.commit,
        "uncommitted changes": release.dirty,
    }


def _revisions(aws: Aws, before: Release, after: Release, notes: list[str]) -> Iterator[Change]:
    found = [_revision(aws, each, notes) for each in (before, after)]
    if None not in found:
        yield from changes(*found)


def _revision(aws: Aws, release: Release, notes: list[str]) -> dict[str, Any] | None:
    """What a release's revision says, without what ECS assigns; None where it is not there."""
    if not release.task_definition:
        notes.append(f"release {release.id} came to no revision")
        return None
    try:
        with calls(f"reading {short(release.task_definition)}"):
            definition, _ = _described(aws, release.task_definition)
    except LookupError:
        notes.append(f"{short(release.task_definition)} is not there any more")
        return None
    return {key: value for key, value in definition.items() if key not in _ASSIGNED}


def _described(aws: Aws, arn: str) -> Any:
    try:
        return observe.task_definition(aws.ecs, arn)
    except Exception as error:
        if error_code(error) == "ClientException":
            raise LookupError(arn) from error
        raise


def _label(each: Any, number: int) -> str:
    name = next((each[key] for key in _KEYS if key in each), None) if _is_map(each) else None
    return str(number if name is None else name)


def _unnamed(each: Any) -> Any:
    """A list's member without the field that is in its key already."""
    if not _is_map(each):
        return each
    key = next((key for key in _KEYS if key in each), None)
    rest = {name: value for name, value in each.items() if name != key}
    # An environment variable is its value; a member that is nothing but its name is there, or not.
    return next(iter(rest.values())) if set(rest) in ({"value"}, {"valueFrom"}) else rest or True


def _is_map(each: Any) -> bool:
    return isinstance(each, Mapping)
