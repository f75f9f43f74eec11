"""Tells of changed files, by service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from slipway.errors import ToolError

STEP = 50
"""Milliseconds without a further change that end one: an editor saves in several steps."""

LONGEST = 400
"""Milliseconds after which a change is told of even if there are more."""

Tell = Callable[[str, Collection[str]], None]


def follow(folders: Mapping[str, Path], tell: Tell, stop: threading.Event) -> None:
    """Call `tell` with a service and its changed files, until `stop`.

    The folders in a service's are watched with all that is in them, but for hidden ones and the
    tests, and the service's own without. Raises `ToolError` where the system watches no more.
    """
    shallow = threading.Thread(
        target=_follow, args=(folders, list(folders.values()), tell, stop, False), daemon=True
    )
    shallow.start()
    _follow(folders, [inner for one in folders.values() for inner in inside(one)], tell, stop, True)
    shallow.join()


def inside(folder: Path) -> list[Path]:
    """The folders in a service's whose files are part of what runs."""
    found = (each for each in folder.iterdir() if each.is_dir())
    return sorted(each for each in found if each.name[0] != "." and each.name != "tests")


def by_service(folders: Mapping[str, Path], changed: Collection[Path]) -> dict[str, set[str]]:
    """The changed files of each service, by their paths in its folder."""
    found: dict[str, set[str]] = {}
    for path in changed:
        for name, folder in folders.items():
            if path.is_relative_to(folder):
                found.setdefault(name, set()).add(path.relative_to(folder).as_posix())
    return found


def _follow(
    folders: Mapping[str, Path],
    places: list[Path],
    tell: Tell,
    stop: threading.Event,
    recursive: bool,
) -> None:
    from watchfiles import watch

    if not places:
        return
    try:
        for changes in watch(
            *places,
            step=STEP,
            debounce=LONGEST,
            stop_event=stop,
            rust_timeout=500,
            recursive=recursive,
        ):
            for name, paths in by_service(folders, [Path(path) for _, path in changes]).items():
                tell(name, paths)
    except OSError as error:
        raise ToolError(
            f"files can't be watched: {error}",
            next_step="sysctl fs.inotify.max_user_watches=524288",
        ) from error
