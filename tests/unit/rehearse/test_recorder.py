"""A console that remembers."""

from __future__ import annotations

import io

from slipway.rehearse.recorder import Recorder


def test_progress_is_said_and_kept_and_results_are_only_said() -> None:
    """What is for stdout is no event; empty lines are none either."""
    out, err = io.StringIO(), io.StringIO()
    recorder = Recorder(out=out, err=err)
    with recorder.step("rollout"):
        recorder.detail("1 of 2 tasks")
    recorder.line()
    recorder.result("deployed")
    recorder.mark("drill crash_on_start")
    begun, detail, ended, marked = recorder.events
    assert (begun.text, begun.marked, begun.label) == ("▸ rollout", True, "rollout")
    assert (detail.text, detail.marked) == ("    1 of 2 tasks", False)
    assert ended.text.startswith("✓ rollout")
    assert not ended.marked
    assert (marked.label, marked.marked) == ("drill crash_on_start", True)
    assert begun.at <= ended.at
    assert "▸ rollout" in err.getvalue()
    assert out.getvalue() == "deployed\n"


def test_colours_are_not_kept() -> None:
    """On a terminal the line has them; the event does not."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    recorder = Recorder(out=io.StringIO(), err=Terminal())
    recorder._write(recorder.err, "\x1b[36m▸\x1b[0m rollout")
    assert recorder.events[0].text == "▸ rollout"
