"""Runs the service: `python -m {{ cookiecutter.__module }}`."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from {{ cookiecutter.__module }} import logs, server
from {{ cookiecutter.__module }}.app import create_app
from {{ cookiecutter.__module }}.settings import Settings


def main() -> int:
    """Serve until a signal; the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        print(_problems(error), file=sys.stderr)
        return 2
    logs.configure(settings)
    service = server.build(create_app(settings), settings)
    service.run()
    return 0 if service.started else 1


def _problems(error: ValidationError) -> str:
    """Each wrong environment variable on a line, without the value, which may be a secret."""
    problems = (f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
    return "\n".join(problems)


if __name__ == "__main__":
    sys.exit(main())
