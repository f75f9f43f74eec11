"""Who holds a port, from /proc."""

from __future__ import annotations

from pathlib import Path

from slipway.portowner import owner

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
LINE = (
    "   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000"
    " 0 0 {inode} 1\n"
)


def a_proc(folder: Path, *, port: int = 4566, state: str = "0A") -> Path:
    (folder / "net").mkdir()
    line = LINE.format(port=port, state=state, inode=999)
    (folder / "net" / "tcp").write_text(HEADER + line)
    process = folder / "123" / "fd"
    process.mkdir(parents=True)
    (process / "3").symlink_to("socket:[999]")
    (folder / "123" / "cmdline").write_bytes(b"nginx\0-g\0daemon off;\0")
    return folder


def test_the_process_and_its_command(tmp_path: Path) -> None:
    """As a user would look for them."""
    assert owner(4566, a_proc(tmp_path)) == "pid 123 (nginx -g daemon off;)"


def test_another_port_or_a_mere_connection(tmp_path: Path) -> None:
    """Only who listens there holds the port."""
    assert owner(4567, a_proc(tmp_path)) == ""
    (tmp_path / "net" / "tcp").write_text(HEADER + LINE.format(port=4566, state="01", inode=999))
    assert owner(4566, tmp_path) == ""


def test_without_proc(tmp_path: Path) -> None:
    """On other systems it can't be told."""
    assert owner(4566, tmp_path) == ""
