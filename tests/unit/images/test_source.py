"""What of a folder goes into an image, with real files and a real git."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slipway.command import command
from slipway.errors import BuildError
from slipway.images.plan import ImagePlan, Source, plan_image
from slipway.images.source import read_source, stage_context
from slipway.runner import SubprocessRunner
from slipway.testing import FakeRunner, printed
from tests.unit.images.samples import make_service

pytestmark = pytest.mark.tools


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    SubprocessRunner().run(command("git", *identity, *words, cwd=folder))


def checkout(top: Path) -> Path:
    """A repository with one service, committed; the service's folder."""
    folder = top / "services" / "greeter"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM python:3.13-slim-trixie\n")
    (folder / ".dockerignore").write_text("*.md\nDockerfile\n")
    (folder / "README.md").write_text("about\n")
    (folder / "src" / "app.py").write_text("print('hi')\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("src/app.py")
    (top / ".gitignore").write_text(".env\n__pycache__/\n")
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "first")
    return folder


def read(folder: Path) -> Source:
    return read_source(folder, SubprocessRunner())


def planned(source: Source) -> ImagePlan:
    return plan_image(make_service(), source, repository="r/g", bases={}, environment="local")


def test_takes_what_git_takes_and_docker_does_not_ignore(tmp_path: Path) -> None:
    """The Dockerfile always counts; the executable bit and links are known."""
    source = read(checkout(tmp_path))
    assert [(file.path, file.kind) for file in source.files] == [
        ("Dockerfile", "file"),
        ("link", "link"),
        ("run.sh", "executable"),
        ("src/app.py", "file"),
    ]
    assert not source.dirty
    assert len(source.revision) == 40


def test_values_for_ones_own_machine_stay_out(tmp_path: Path) -> None:
    """`local.env` enters no image whatever `.dockerignore` says, and makes no other image."""
    folder = checkout(tmp_path)
    before = planned(read(folder)).tag
    (folder / "local.env").write_text("STRIPE_KEY=sk_test\n")
    (folder / ".dockerignore").write_text("*.md\nDockerfile\n!local.env\n")
    source = read(folder)
    assert "local.env" not in [file.path for file in source.files]
    assert planned(source).tag == before


def test_the_place_the_times_and_the_umask_do_not_matter(tmp_path: Path) -> None:
    """Two checkouts of the same content are the same image."""
    one = checkout(tmp_path / "one")
    before = os.umask(0o077)
    try:
        two = checkout(tmp_path / "a" / "two")
    finally:
        os.umask(before)
    os.utime(two / "src" / "app.py", (1, 1))
    assert planned(read(one)).tag == planned(read(two)).tag


def test_an_edit_counts_committed_or_not(tmp_path: Path) -> None:
    """The same bytes give the same tag before and after the commit; only `dirty` differs."""
    folder = checkout(tmp_path)
    clean = planned(read(folder))
    (folder / "src" / "app.py").write_text("print('ho')\n")
    edited = planned(read(folder))
    git(tmp_path, "commit", "-q", "-a", "-m", "second")
    committed = planned(read(folder))
    assert clean.tag != edited.tag == committed.tag
    assert (clean.dirty, edited.dirty, committed.dirty) == (False, True, False)


def test_new_and_deleted_files_count_without_git_add(tmp_path: Path) -> None:
    """What is there now is what is built."""
    folder = checkout(tmp_path)
    (folder / "src" / "new file ü.py").write_text("x = 1\n")
    (folder / "run.sh").unlink()
    source = read(folder)
    assert {"src/new file ü.py"} <= {file.path for file in source.files}
    assert "run.sh" not in {file.path for file in source.files}
    assert source.dirty


def test_what_git_ignores_is_neither_hashed_nor_built(tmp_path: Path) -> None:
    """A stray `.env` can't reach an image, and changes no tag."""
    folder = checkout(tmp_path / "repo")
    clean = planned(read(folder))
    (folder / ".env").write_text("PASSWORD=x\n")
    (folder / "src" / "__pycache__").mkdir()
    (folder / "src" / "__pycache__" / "app.pyc").write_bytes(b"x")
    plan = planned(read(folder))
    stage_context(plan, tmp_path / "context")
    assert plan.tag == clean.tag
    assert not plan.dirty
    assert not (tmp_path / "context" / ".env").exists()


def test_a_dockerignore_counts_by_what_it_leaves_out(tmp_path: Path) -> None:
    """Another comment in it is the same image; a file that it lets in is not."""
    folder = checkout(tmp_path)
    before = planned(read(folder)).tag
    (folder / ".dockerignore").write_text("# new\n*.md\nDockerfile\n")
    assert planned(read(folder)).tag == before
    (folder / ".dockerignore").write_text("Dockerfile\n")
    assert planned(read(folder)).tag != before


def test_a_dockerfile_s_own_ignore_file_wins(tmp_path: Path) -> None:
    """As Docker has it."""
    folder = checkout(tmp_path)
    (folder / "Dockerfile.dockerignore").write_text("src\n")
    assert {file.path for file in read(folder).files} >= {"README.md"}
    assert "src/app.py" not in {file.path for file in read(folder).files}


def test_works_before_the_first_commit(tmp_path: Path) -> None:
    """A service that was just scaffolded is built, marked as not committed."""
    folder = tmp_path / "services" / "fresh"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    git(tmp_path, "init", "-q")
    source = read(folder)
    assert [file.path for file in source.files] == ["Dockerfile"]
    assert source.dirty
    assert source.revision == ""


def test_other_folders_do_not_make_a_service_dirty(tmp_path: Path) -> None:
    """Only changes of what is built count."""
    folder = checkout(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert not read(folder).dirty


def test_the_copy_has_modes_that_no_umask_decides(tmp_path: Path) -> None:
    """Files of a strict umask would be unreadable for the image's user."""
    folder = checkout(tmp_path / "repo")
    (folder / "src" / "app.py").chmod(0o600)
    (folder / "run.sh").chmod(0o700)
    context = tmp_path / "context"
    stage_context(planned(read(folder)), context)
    assert (context / "src" / "app.py").stat().st_mode & 0o777 == 0o644
    assert (context / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (context / "link").readlink() == Path("src/app.py")


@pytest.mark.parametrize("vanish", [True, False])
def test_an_edit_between_hash_and_copy_is_noticed(tmp_path: Path, vanish: bool) -> None:
    """A tag never names bytes that it was not made from."""
    folder = checkout(tmp_path / "repo")
    plan = planned(read(folder))
    app = folder / "src" / "app.py"
    app.unlink()
    if not vanish:
        app.write_text("print('late')\n")
    with pytest.raises(BuildError, match=r"^services/greeter/src/app.py: changed while"):
        stage_context(plan, tmp_path / "context")


def test_a_missing_dockerfile_is_named(tmp_path: Path) -> None:
    """The message is the path that is missing, as a user types it."""
    folder = tmp_path / "services" / "greeter"
    folder.mkdir(parents=True)
    with pytest.raises(BuildError, match=r"^services/greeter/Dockerfile: missing"):
        read(folder)


def test_a_folder_outside_git_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Without git nobody says which files belong to the image."""
    folder = tmp_path / "services" / "greeter"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(BuildError, match="not a git repository") as caught:
        read(folder)
    assert caught.value.next_step.startswith("git init")


def test_a_repository_inside_the_service_is_refused(tmp_path: Path) -> None:
    """Git lists it as one entry, so its files could not be hashed."""
    folder = checkout(tmp_path)
    inner = folder / "vendor"
    inner.mkdir()
    (inner / "x").write_text("x")
    git(inner, "init", "-q")
    with pytest.raises(BuildError, match=r"^services/greeter/vendor: neither a file nor a link"):
        read(folder)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """It would be dropped without a word otherwise."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    runner = FakeRunner().on("git ls-files", printed("src/na\ufffdme.py\0")).on("git")
    with pytest.raises(BuildError, match="not UTF-8"):
        read_source(tmp_path, runner)


def test_a_git_hook_s_own_variables_do_not_mislead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy from a hook looks at the checkout, not at the hook's index."""
    folder = checkout(tmp_path)
    expected = read(folder)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert read(folder) == expected
