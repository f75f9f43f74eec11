"""`python -m embedded_aws serve|stop|forget --folder=… --port=… --checkout=…`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from embedded_aws.errors import CannotRun
from embedded_aws.settings import Settings, environment


def main(argv: list[str] | None = None) -> int:
    """Run one verb; the exit code is 0, or 3 with one `error:` line that says why."""
    options = _parse(argv)
    settings = Settings(
        port=options.port,
        folder=options.folder.resolve(),
        checkout=options.checkout.resolve(),
        region=options.region,
        contained=options.contained,
    )
    try:
        _VERBS[options.verb](settings)
    except CannotRun as problem:
        print(f"error: {problem}", file=sys.stderr, flush=True)
        return 3
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="embedded_aws", description=__doc__)
    parser.add_argument("verb", choices=sorted(_VERBS))
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--folder", type=Path, required=True, help="state, log and pid")
    parser.add_argument("--checkout", type=Path, required=True, help="whose instance this is")
    parser.add_argument("--region", default="us-west-1", help="of calls that name none")
    parser.add_argument("--contained", default="", help="the container that this runs in")
    return parser.parse_args(argv)


def _serve(settings: Settings) -> None:
    os.environ.update(environment(settings))
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s [%(name)s] %(message)s"
    )
    for chatty in ("persistence", "ministack", "s3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    from embedded_aws.server import serve

    serve(settings)


def _stop(settings: Settings) -> None:
    from embedded_aws.stopping import stop

    stop(settings)


def _forget(settings: Settings) -> None:
    from embedded_aws.stopping import forget

    forget(settings)


_VERBS = {"serve": _serve, "stop": _stop, "forget": _forget}

if __name__ == "__main__":
    raise SystemExit(main())
