"""Checks: `uv run nox -s lint test`, and `uv run nox -s e2e` for the whole flow."""

import nox

nox.options.default_venv_backend = "none"
