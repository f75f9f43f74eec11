"""MiniStack as a part of our process: our saver instead of its own, no banner."""

from __future__ import annotations

from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "app.app": ("scope", "receive", "send"),
    "app.save_all": ("services",),
    "app._build_persistence_save_dict": (),
    "app._send_if_handled": ("send", "response", "receive", "head"),
    "app.BANNER": None,
    "core.container_reaper.instance_id": (),
    "core.persistence._json_default": ("obj",),
    "core.persistence._state_format_version": ("service",),
}


def apply() -> None:
    """Leave saving to `embedded_aws.saver`, which saves while running too."""
    from ministack import app

    def save_all(_services: Any) -> None:
        """Saved already, before the services began to stop."""

    app.save_all = save_all
    app.BANNER = ""
