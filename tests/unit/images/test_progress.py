"""BuildKit's output, shortened."""

from __future__ import annotations

from slipway.images.progress import WIDTH, Progress

LINES = """\
#1 [internal] load build definition from Dockerfile
#1 sha256:0390f14cdad0439f9bb554a9055eff9f825a17ee23f1d5f2fff81887b269ee57
#1 transferring dockerfile: 280B done
#1 DONE 0.6s

#4 [builder 1/7] FROM docker.io/library/python:3.13-slim-trixie
#4 sha256:aa
#4 CACHED

#5 [builder 2/7] RUN --mount=type=secret,id=ca     if [ -f /run/secrets/ca ]; then export A=b; fi \
    && pip install uv==0.13.8
#5 sha256:bb
#5 0.410 Collecting uv
#5 1.220 Installing

#6 [builder 3/7] COPY pyproject.toml uv.lock ./
#6 DONE 0.1s

#5 [builder 2/7] RUN --mount=type=secret,id=ca     if [ -f /run/secrets/ca ]; then export A=b; fi \
    && pip install uv==0.13.8
#5 2.300 Done
#5 DONE 2.4s

#7 [test 3/3] RUN uv run --no-sync pytest -q
#7 2.000 ....
#7 2.100 ==== 4 passed in 0.31s ====
#7 DONE 2.2s

#8 [builder 4/7] RUN true
#8 DONE 1.5s

#9 [2/2] COPY a b
#9 0.1 copied
"""


def test_shows_what_takes_time_and_what_tests_say() -> None:
    """Steps that work are shown once with their time; cached and quick ones only counted."""
    progress = Progress()
    shown = [line for line in map(progress.feed, LINES.splitlines()) if line]
    assert shown == [
        "builder 2/7: RUN pip install uv==0.13.8",
        "builder 2/7: 2.4 s",
        "test 3/3: RUN uv run --no-sync pytest -q",
        "test 3/3: 4 passed in 0.31s",
        "test 3/3: 2.2 s",
        "builder 4/7: RUN true  1.5 s",
        "2/2: COPY a b",
    ]
    assert progress.cached == 1


def test_long_commands_are_cut() -> None:
    """A line of progress stays a line."""
    progress = Progress()
    progress.feed(f"#5 [builder 2/7] RUN {'x' * 200}")
    shown = progress.feed("#5 0.1 working")
    assert shown
    assert len(shown) == WIDTH
    assert shown.endswith("…")
