"""Runs the {% if cookiecutter.kind == "web" %}service{% else %}job{% endif %}: `python -m {{ cookiecutter.__module }}`."""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    # The first process of a container ignores TERM until it has a handler, and the imports are
    # most of the start: a task that is stopped meanwhile would wait to be killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
{% if cookiecutter.kind == "web" %}
    from {{ cookiecutter.__module }}.server import main

    sys.exit(main())
{%- else %}
    from {{ cookiecutter.__module }}.job import main

    sys.exit(main(sys.argv[1:]))
{%- endif %}
