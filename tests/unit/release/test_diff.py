"""What is different between two releases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway.cli import diff as cli
from slipway.errors import DeployError, UsageError
from slipway.release import diff
from slipway.release.diff import changes
from slipway.release.pick import chosen
from slipway.release.world import Site
from slipway.testing import FakeRunner, printed
from tests.fake_ecs import FAMILY, FakeEcs, definition
from tests.release_site import make_site, release
from tests.release_site import printed as output


def test_what_changed_came_and_went() -> None:
    """Each leaf by its dotted key, and nothing that is alike."""
    old = {"scale": {"min": 1, "max": 4}, "port": 8000, "env": {"A": "1"}}
    new = {"scale": {"min": 2, "max": 4}, "port": 8000, "env": {"B": "1"}}
    assert [str(each) for each in changes(old, new)] == [
        "env.A: 1 -> (none)",
        "env.B: (none) -> 1",
        "scale.min: 1 -> 2",
    ]


def test_members_of_lists_go_by_their_names() -> None:
    """Another order is no change, and a variable's change names the variable."""
    first = {"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    second = {"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}]}
    assert [str(each) for each in changes(first, second)] == ["environment.A: 1 -> 3"]
    ports = [{"containerPort": 1}], [{"containerPort": 2}]
    assert [str(each) for each in changes(*ports)] == ["0.containerPort: 1 -> 2"]
    assert [str(each) for each in changes({"a": [1, 2]}, {"a": [1]})] == ["a.1: 2 -> (none)"]


@pytest.fixture
def site() -> Iterator[Site]:
    ecs = FakeEcs([[]])
    ecs.definitions[f"{FAMILY}:3"] = definition(3, "repo@sha256:3")
    with make_site(ecs) as made:
        yield made


def compare(site: Site, runner: FakeRunner, **after: Any) -> diff.Diff:
    before = release(2, commit="aaaa", configuration={"cpu": 256})
    later = release(3, **{"commit": "bbbb", "configuration": {"cpu": 512}, **after})
    return diff.diff(site.aws, runner, Path("/top"), before, later)


def test_all_four_parts(site: Site) -> None:
    """Commits that touch the service, image, revision, configuration."""
    runner = FakeRunner().on("git log", "> b2 Greet louder\n< a1 Greet\n")
    found = compare(site, runner)
    assert found.commits == ("> b2 Greet louder", "< a1 Greet")
    assert runner.shown == ["git log --left-right '--format=%m %h %s' aaaa...bbbb -- services/app"]
    assert {each.key for each in found.image} == {"version", "digest", "commit"}
    assert [str(each) for each in found.task_definition] == [
        "containerDefinitions.app.image: repo@sha256:old -> repo@sha256:3"
    ]
    assert [str(each) for each in found.configuration] == ["cpu: 256 -> 512"]
    assert found.notes == ()


def test_what_is_not_to_be_had_is_a_note(site: Site) -> None:
    """A shallow checkout and a deleted revision leave the rest to be compared."""
    runner = FakeRunner().on("git log", printed("", code=128, stderr="bad revision"))
    found = compare(site, runner, task_definition=f"{FAMILY}:99")
    assert found.notes == (
        "this checkout lacks a commit of aaaa...bbbb",
        "local-app:99 is not there any more",
    )
    assert (found.commits, found.task_definition) == ((), ())
    assert found.configuration


def test_releases_that_came_to_nothing(site: Site) -> None:
    """Without commit and revision there is still what was meant."""
    found = compare(site, FakeRunner(), commit="", task_definition="")
    assert found.notes == (
        "a release was made without git: its commit is not known",
        f"release {release(3).id} came to no revision",
    )


def test_the_same_commit_asks_git_nothing(site: Site) -> None:
    """A release of the same commit has no commits between."""
    assert compare(site, FakeRunner(), commit="aaaa").commits == ()


def test_it_reads_as_a_list(site: Site) -> None:
    """A part after the other; one without difference is a line."""
    found = compare(site, FakeRunner().on("git log"))
    cli.show(site.console, found)
    lines = output(site).splitlines()
    assert "commits (> new, < left): the same" in lines
    assert lines[-2:] == ["configuration:", "  cpu: 256 -> 512"]
    assert cli.document(found)["configuration"] == {"cpu": [256, 512]}


RELEASES = [release(4, "failed"), release(3), release(2, "rolled_back"), release(1)]


@pytest.mark.parametrize(
    ("before", "after", "want"),
    [
        ("", "", (3, 4)),
        ("", release(3).id, (1, 3)),
        (release(2).id, "", (2, 4)),
        (release(3).id, release(1).id, (3, 1)),
    ],
)
def test_who_names_none_means_the_nearest(before: str, after: str, want: tuple[int, int]) -> None:
    """The newest one, and the verified one before it."""
    first, second = chosen(RELEASES, before, after)
    assert (first.id, second.id) == (release(want[0]).id, release(want[1]).id)


def test_where_there_are_no_two(site: Site) -> None:
    """Each way to fail says what there is instead."""
    with pytest.raises(DeployError, match="no release yet"):
        chosen([], "", "")
    with pytest.raises(DeployError, match="no verified release before"):
        chosen(RELEASES, "", release(1).id)
    with pytest.raises(UsageError, match="did you mean"):
        chosen(RELEASES, release(3).id[:-1], "")
