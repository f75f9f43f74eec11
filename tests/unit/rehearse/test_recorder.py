"""A console that remembers."""

from __future__ import annotations

import io

from slipway.rehearse.recorder import Event, Recorder


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
    assert ended.marked
    assert (marked.label, marked.marked, marked.own) == ("drill crash_on_start", True, True)
    assert begun.at <= ended.at
    assert "▸ rollout" in err.getvalue()
    assert out.getvalue() == "deployed\n"


def test_only_what_moves_requests_is_marked() -> None:
    """And what failed; a rehearsal has a dozen deploys with a dozen steps each."""
    marked = {
        "▸ rollout": True,
        "▸ rollout of orders": True,
        "✓ bake  9.9 s": True,
        "▸ images and platform": False,
        "✓ verification  0.1 s": False,
        "✗ migrations  2.0 s": True,
        "    rollout": False,
    }
    assert {text: Event(1.0, text).marked for text in marked} == marked


def test_colours_are_not_kept() -> None:
    """On a terminal the line has them; the event does not."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    recorder = Recorder(out=io.StringIO(), err=Terminal())
    recorder._write(recorder.err, "\x1b[36m▸\x1b[0m rollout")
    assert recorder.events[0].text == "▸ rollout"
