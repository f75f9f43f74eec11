"""The images of databases and caches: pulled where that goes, else built."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway import tools
from slipway.errors import ToolError
from slipway.setup import data_images, data_rootfs
from slipway.testing import FakeRunner, printed

POSTGRES = "embedded-aws.local/postgres:16"


def tar_of(files: Mapping[str, str]) -> tarfile.TarFile:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    packed.seek(0)
    return tarfile.open(fileobj=packed)


def refined(user: str, files: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Names in the refined archive with owner and content."""
    packed = io.BytesIO()
    with tar_of(files) as raw, tarfile.open(fileobj=packed, mode="w") as target:
        data_rootfs.refine(user, raw, target)
    packed.seek(0)
    found = {}
    with tarfile.open(fileobj=packed) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            assert name not in found, "an engine refuses two entries of one name"
            file = tar.extractfile(member)
            found[name] = (member.uid, file.read().decode() if file else "")
    return found


def test_the_server_has_an_account_and_a_folder_of_its_own() -> None:
    """A folder that the package made already is taken over."""
    found = refined(
        "postgres",
        {
            "usr/share/base-passwd/passwd.master": "root:*:0:0:root:/root:/bin/sh\n",
            "usr/share/base-passwd/group.master": "root:*:0:\n",
            "var/lib/postgresql": "",
        },
    )
    assert found["etc/passwd"][1].splitlines()[1] == (
        "postgres:x:999:999::/var/lib/postgresql/data:/bin/sh"
    )
    assert found["etc/group"][1].splitlines()[1] == "postgres:x:999:"
    assert found["var/lib/postgresql"][0] == found["var/lib/postgresql/data"][0] == 999


@pytest.mark.parametrize(
    "name",
    [
        "usr/lib/x86_64-linux-gnu/libLLVM.so.19.1",
        "usr/lib/postgresql/17/lib/bitcode/postgres/x.bc",
        "usr/share/perl5/PgCommon.pm",
        "usr/bin/perl5.40.1",
        "var/lib/dpkg/arch",
    ],
)
def test_what_nobody_uses_is_left_out(name: str) -> None:
    """It would double the image."""
    assert name not in refined("postgres", {name: "x", "usr/lib/postgresql/17/bin/postgres": "x"})


def test_the_servers_own_programs_stay() -> None:
    """Among them those that backups are made with."""
    kept = [f"usr/lib/postgresql/17/bin/{name}" for name in ("postgres", "pg_basebackup", "psql")]
    assert set(kept) <= set(refined("postgres", dict.fromkeys(kept, "x")))


def test_an_image_is_built_in_three_steps(tmp_path: Path) -> None:
    """Unpack, refine, import; each changes something, so a dry run shows it."""
    image = data_images.IMAGES[POSTGRES]
    steps = data_images.steps(POSTGRES, image, tmp_path, ("deb mirror",))
    assert [step.mutates for step in steps] == [True] * 3
    assert "--variant=extract" in steps[0].argv
    assert steps[0].argv[-1] == "deb mirror"
    assert steps[1].argv[1:4] == ("-m", "slipway.setup.data_rootfs", "postgres")
    assert steps[2].argv[-1] == POSTGRES


ABSENT = printed("", code=1, stderr="Error: No such image")
REFUSED = printed("", code=1, stderr="E: no such host")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of docker and mmdebstrap, the only ones on this machine."""
    for name in ("docker", "mmdebstrap"):
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    return tmp_path


def without_images(programs: Path) -> FakeRunner:
    return FakeRunner().on(f"{programs}/docker image inspect", ABSENT)


def test_a_pulled_image_gets_our_name(programs: Path) -> None:
    """Nothing is built then, and no public name is taken by anything of ours."""
    runner = without_images(programs).on(f"{programs}/docker")
    data_images.mend(runner)
    said = [command.argv[1:] for command in runner.ran]
    assert ("tag", "postgres:16-alpine", POSTGRES) in said
    assert ("tag", "redis:7-alpine", "embedded-aws.local/redis:7") in said


def test_what_can_neither_be_pulled_nor_built_is_said(programs: Path) -> None:
    """With the command for a user who can pull."""
    runner = without_images(programs).on(f"{programs}/docker pull", REFUSED)
    runner.on("mmdebstrap", REFUSED)
    with pytest.raises(ToolError, match="no such host") as caught:
        data_images.mend(runner)
    assert "docker pull postgres:16-alpine" in caught.value.next_step


def test_present_images_are_left_alone(programs: Path) -> None:
    """A second set-up changes nothing."""
    runner = FakeRunner().on(f"{programs}/docker", "null\n")
    assert data_images.look(runner).ok
    data_images.mend(runner)
    assert not any(command.mutates for command in runner.ran)


def test_without_an_engine_they_are_not_looked_for(programs: Path) -> None:
    """One missing engine is one thing to mend."""
    found = data_images.look(FakeRunner().on(f"{programs}/docker version", ABSENT))
    assert (found.ok, found.would) == (False, "")
