"""The embedded AWS of somebody who is not root: no low ports, and nobody else's business."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway import tools
from tests.e2e.checkout import Clone, Ran, free_port, make_clone
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.test_embedded_rollout import Shop, open_shop

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can make a user to run it as"),
]

NAME = f"slipway-e2e-{os.getpid()}"
ENGINE = Path("/var/run/docker.sock")
RUNUSER = shutil.which("runuser") or "runuser"
LOW = "import socket; socket.socket().bind(('127.0.0.1', 80))"
PYTHONS = (Path(getattr(sys, "_base_executable", sys.executable)), Path("/usr/bin/python3"))


@dataclass
class User:
    """A user of this machine, with a checkout at home."""

    home: Path
    clone: Clone

    @property
    def embedded(self) -> Embedded:
        return Embedded(self.clone.root, self.clone.port)

    @property
    def number(self) -> int:
        return pwd.getpwnam(NAME).pw_uid

    def run(self, *argv: str, name: str = NAME) -> Ran:
        """Run something as this user or another, with what a login would give them."""
        env = {
            "HOME": str(self.home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SLIPWAY_LOCAL_PORT": str(self.clone.port),
            "CI": "true",
        }
        done = subprocess.run(
            [RUNUSER, "-u", name, "--", *argv],
            cwd=self.clone.root if name == NAME else "/",
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr, seconds=0)

    def invoke(self, *words: str) -> Ran:
        return self.run(str(self.clone.root / ".venv/bin/python"), "-m", "invoke", *words)


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    """In the group of the engine's socket and in no other; gone afterwards."""
    if not ENGINE.exists():
        pytest.skip(f"the engine has no socket at {ENGINE}, so no group may use it")
    group = grp.getgrgid(ENGINE.stat().st_gid).gr_name
    if group == "root":
        pytest.skip("the engine's socket is root's alone")
    home = Path("/home") / NAME
    subprocess.run(["useradd", "-d", str(home), "-m", "-G", group, NAME], check=True)
    try:
        yield settle(home)
    finally:
        subprocess.run(["userdel", "-r", NAME], check=True, capture_output=True)


def settle(home: Path) -> User:
    """Give a user a checkout with its two environments, as `setup` makes them."""
    user = User(home, make_clone(home / "checkout", free_port()))
    python = next((one for one in PYTHONS if user.run(str(one), "--version").code == 0), None)
    if python is None:
        pytest.skip(f"no Python that other users may run: {', '.join(map(str, PYTHONS))}")
    if user.run(str(python), "-c", LOW).code == 0:
        pytest.skip("every user of this machine may open low ports")
    for project in (user.clone.root, user.clone.root / "src" / "embedded_aws"):
        argv = [
            str(tools.uv()),
            "sync",
            "-q",
            "--frozen",
            "--project",
            str(project),
            "--python",
            str(python),
        ]
        env = {**os.environ, "UV_PROJECT_ENVIRONMENT": ".venv", "UV_LINK_MODE": "copy"}
        subprocess.run([*argv, "--no-dev"], cwd=project, env=env, check=True)
    for path in (home, *home.rglob("*")):
        shutil.chown(path, NAME, NAME) if not path.is_symlink() else None
    return user


@pytest.fixture(scope="module")
def shop(user: User) -> Iterator[Shop]:
    """Two tasks behind a load balancer of the user's."""
    ready = user.invoke("local.up")
    try:
        assert ready.code == 0, ready.said
        yield open_shop(user.embedded)
    finally:
        ended = user.invoke("local.reset", "--yes")
        assert ended.code == 0, ended.said
        assert user.embedded.containers == []


def test_listener_80_serves_on_a_shifted_port(user: User, shop: Shop) -> None:
    """Which the DNS name holds; it is not root that serves."""
    assert shop.host.endswith(".1:20080")
    assert shop.get() == "one"
    status = user.invoke("local.status")
    assert f"load balancer shop: http://{shop.host}" in status.out
    assert user.embedded.status.problems == []
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes(user)} == {user.number}


def test_haproxy_is_found_off_the_users_path(user: User, shop: Shop) -> None:
    """Debian has it in /usr/sbin, where users don't look."""
    assert shop.host
    if not Path("/usr/sbin/haproxy").exists():
        pytest.skip("no HAProxy in /usr/sbin")
    assert any("haproxy" in line for line in processes(user).values())


def test_listener_443_is_shown_as_what_it_is(user: User, shop: Shop) -> None:
    """By its scheme, and on the port where it answers."""
    acm, elb = shop.embedded.client("acm"), shop.elb
    certificate = acm.request_certificate(DomainName="shop.example.com")["CertificateArn"]
    balancer = elb.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": shop.group}],
    )
    url = f"https://{shop.host.partition(':')[0]}:20443"
    assert f"load balancer shop: http://{shop.host}, {url}" in user.invoke("local.status").out
    argv = ["curl", "-sSk", "--noproxy", "*", "--max-time", "10", url]

    def asked() -> str:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout

    wait_for("an answer by HTTPS", lambda: asked() == "one")


def test_nobody_else_reads_its_state(user: User, shop: Shop) -> None:
    """Neither the folder nor what is in it."""
    folder = shop.embedded.checkout.work / "embedded"
    assert folder.stat().st_mode & 0o777 == 0o700
    # The checkout itself may be for all to read.
    user.home.chmod(0o755)
    assert user.run("ls", str(folder.parent), name="nobody").code == 0
    for path in (folder, folder / "state", folder / "log"):
        assert "Permission denied" in user.run("ls", str(path), name="nobody").err
    open_to_others = [p for p in folder.rglob("*") if p.is_file() and p.stat().st_mode & 0o077]
    assert [p.name for p in open_to_others if p.name not in ("log", "lock", "pid", "held")] == []


def processes(user: User) -> dict[int, str]:
    """Command lines of the instance and of what it started, by process."""
    found: dict[int, str] = {}
    waiting = [user.embedded.status.pid]
    while waiting:
        pid = waiting.pop()
        proc = Path("/proc") / str(pid)
        found[pid] = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        children = (child.read_text().split() for child in proc.glob("task/*/children"))
        waiting += [int(child) for some in children for child in some]
    return found
