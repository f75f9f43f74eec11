"""A real browser without a window, for pages that have to look right in one."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLAYWRIGHT = "ms-playwright/chromium*/chrome-linux*/*"
RESULT = re.compile(r'<script type="application/json" id="measured">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Seen:
    """What a script in the page measured, and what the browser complained about."""

    measured: Any
    console: tuple[str, ...]


def find() -> str:
    """A Chromium of this machine (`CHROMIUM` names another), or ""."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache"))
    kept = [
        str(each)
        for pattern in (PLAYWRIGHT, PLAYWRIGHT.removeprefix("ms-playwright/"))
        for each in sorted(cache.glob(pattern))
        if each.name in ("chrome", "headless_shell") and os.access(each, os.X_OK)
    ]
    found = [os.environ.get("CHROMIUM", ""), *(shutil.which(name) for name in NAMES), *kept]
    return next((each for each in found if each), "")


def look(browser: str, page: Path, script: str, folder: Path) -> Seen:
    """Load a page, and evaluate `script`, an expression of JavaScript, once it is drawn."""
    measuring = (
        '<script type="application/json" id="measured"></script><script>'
        f"document.getElementById('measured').textContent = JSON.stringify({script});</script>"
    )
    copy = folder / "measured.html"
    copy.write_text(page.read_text().replace("</body>", f"{measuring}</body>"))
    done = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *(f"--user-data-dir={folder / 'profile'}", "--no-first-run", "--disable-extensions"),
            *("--enable-logging=stderr", "--v=0", "--window-size=1200,1600", "--timeout=20000"),
            *("--dump-dom", copy.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = RESULT.search(done.stdout)
    assert found, f"the browser ended with {done.returncode}: {done.stderr[-2000:]}"
    console = tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return Seen(json.loads(html.unescape(found[1])), console)
