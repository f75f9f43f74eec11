"""Scheduled actions, and what scaling activities there were. Pure over the store.

Scheduled actions are kept and shown, not run: nothing here lasts long enough to need them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from embedded_aws.autoscaling.store import (
    Store,
    arn,
    checked_namespace,
    invalid,
    key_of,
    listed,
    matches,
)
from embedded_aws.json_api import ApiError, Handler, Request, chosen, now

SCHEDULE = re.compile(r"(at|rate|cron)\(.+\)")
FIELDS = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


class Actions:
    """The operations on scheduled actions and activities."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "DeleteScheduledAction": self.delete,
            "DescribeScalingActivities": self.activities,
            "DescribeScheduledActions": self.describe,
            "PutScheduledAction": self.put,
        }

    def put(self, request: Request) -> None:
        key = key_of(request)
        name = request.get("ScheduledActionName")
        if not name:
            raise invalid("ScheduledActionName", None, "Member must not be null")
        self._store.target(key)
        old = self._store.actions.get((*key, name))
        given = chosen(request, FIELDS)
        if not old and "Schedule" not in given:
            message = "Schedule must be specified for a new scheduled action"
            raise ApiError("ValidationException", message)
        if "Schedule" in given and not SCHEDULE.fullmatch(str(given["Schedule"])):
            message = f"Schedule expression {given['Schedule']} is not valid"
            raise ApiError("ValidationException", message)
        new = {
            "ScheduledActionName": name,
            "ScheduledActionARN": arn(
                self._store.scope(), "scheduledAction", key, f"scheduledActionName/{name}"
            ),
            "ServiceNamespace": key[0],
            "ResourceId": key[1],
            "ScalableDimension": key[2],
            "CreationTime": now(),
        }
        self._store.actions[(*key, name)] = {**(old or new), **given}

    def describe(self, request: Request) -> Mapping[str, Any]:
        checked_namespace(request)
        names = request.get("ScheduledActionNames")
        found = [
            action
            for action in list(self._store.actions.values())
            if matches(action, request) and (not names or action["ScheduledActionName"] in names)
        ]
        return listed(found, request, "ScheduledActions")

    def delete(self, request: Request) -> None:
        key, name = key_of(request), request.get("ScheduledActionName")
        if self._store.actions.pop((*key, name), None) is None:
            message = f"No scheduled action found for name: {name}"
            raise ApiError("ObjectNotFoundException", message)

    def activities(self, request: Request) -> Mapping[str, Any]:
        """Activities of all targets that are asked for, newest first."""
        checked_namespace(request)
        found = [
            {name: value for name, value in entry.items() if not name.startswith("_")}
            for entries in list(self._store.activities.values())
            for entry in entries["entries"]
            if matches(entry, request)
        ]
        found.sort(key=lambda entry: entry["StartTime"], reverse=True)
        return listed(found, request, "ScalingActivities")
