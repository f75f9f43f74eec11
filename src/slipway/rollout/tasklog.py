"""What a task writes, as it writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slipway.aws import Aws
from slipway.rollout import observe


class TaskLog:
    """The log of one task from its beginning; each line is given once."""

    def __init__(self, aws: Aws, app: Any, task_id: str) -> None:
        self._aws = aws
        self._stream: Any = observe.stream_of(app, task_id)
        self._place: Any = {}

    def more(self) -> Iterator[str]:
        """The lines since the last look; none while it has written nothing."""
        while self._stream:
            try:
                answer = self._aws.logs.get_log_events(
                    **self._stream, **self._place, startFromHead=True
                )
            except self._aws.logs.exceptions.ResourceNotFoundException:
                return
            yield from (str(each.get("message", "")).rstrip("\n") for each in answer["events"])
            place = {"nextToken": answer["nextForwardToken"]}
            # The same token twice is the end as it is now.
            if place == self._place or not answer["events"]:
                return
            self._place = place
