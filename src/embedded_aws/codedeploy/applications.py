"""CreateApplication and its like. Pure over the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from embedded_aws.codedeploy.store import Store, checked_name, checked_tags
from embedded_aws.json_api import ApiError, Handler, Request, now, page

PLATFORMS = ("Server", "Lambda", "ECS")
BATCH = 100
PAGE = 100
BAD_TOKEN = ApiError(
    "InvalidNextTokenException", "The next token was specified in an invalid format."
)


class Applications:
    """The operations on applications."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "BatchGetApplications": self.batch_get,
            "CreateApplication": self.create,
            "DeleteApplication": self.delete,
            "GetApplication": self.get,
            "ListApplications": self.list,
            "UpdateApplication": self.update,
        }

    def create(self, request: Request) -> Mapping[str, Any]:
        name = checked_name(request.get("applicationName"), "Application")
        platform = checked_platform(request.get("computePlatform") or "Server")
        tags = checked_tags(request.get("tags"))
        if name in self._store.applications:
            message = f"Application already exists: {name}"
            raise ApiError("ApplicationAlreadyExistsException", message)
        self._store.applications[name] = {
            "applicationId": str(uuid4()),
            "applicationName": name,
            "createTime": now(),
            "linkedToGitHub": False,
            "computePlatform": platform,
        }
        self._store.tags[self._store.arn("application", name)] = tags
        return {"applicationId": self._store.applications[name]["applicationId"]}

    def get(self, request: Request) -> Mapping[str, Any]:
        return {"application": self._store.application(request.get("applicationName"))}

    def list(self, request: Request) -> Mapping[str, Any]:
        names = sorted(self._store.applications)
        found, token = page(names, request.get("nextToken"), PAGE, BAD_TOKEN)
        return {"applications": found, **({"nextToken": token} if token else {})}

    def batch_get(self, request: Request) -> Mapping[str, Any]:
        names = request.get("applicationNames") or []
        if not names:
            raise ApiError(
                "ApplicationNameRequiredException", "The application name was not specified."
            )
        if len(names) > BATCH:
            raise ApiError(
                "BatchLimitExceededException", "The maximum number of names is exceeded."
            )
        found = (self._store.applications.get(name) for name in names)
        return {"applicationsInfo": [application for application in found if application]}

    def update(self, request: Request) -> None:
        """Rename an application, and all that is its."""
        old = self._store.application(request.get("applicationName"))["applicationName"]
        if not request.get("newApplicationName"):
            return
        new = checked_name(request["newApplicationName"], "Application")
        if new == old:
            return
        if new in self._store.applications:
            message = f"Application already exists: {new}"
            raise ApiError("ApplicationAlreadyExistsException", message)
        self._rename(old, new)

    def _rename(self, old: str, new: str) -> None:
        store = self._store
        record = store.applications.pop(old)
        store.applications[new] = {**record, "applicationName": new}
        moved = [("application", old, new)]
        for key in [key for key in store.groups if key[0] == old]:
            store.groups[(new, key[1])] = {**store.groups.pop(key), "applicationName": new}
            moved.append(("deploymentgroup", f"{old}/{key[1]}", f"{new}/{key[1]}"))
        for kind, before, after in moved:
            store.tags[store.arn(kind, after)] = store.tags.pop(store.arn(kind, before), {})
        for deployment in store.deployments.values():
            if deployment["applicationName"] == old:
                deployment["applicationName"] = new

    def delete(self, request: Request) -> None:
        """Delete an application with its groups; one that isn't there is deleted already."""
        name = checked_name(request.get("applicationName"), "Application")
        store = self._store
        store.applications.pop(name, None)
        store.tags.pop(store.arn("application", name), None)
        for key in [key for key in store.groups if key[0] == name]:
            store.groups.pop(key)
            store.tags.pop(store.arn("deploymentgroup", f"{name}/{key[1]}"), None)


def checked_platform(platform: Any) -> str:
    """`platform` if it is a compute platform."""
    if platform not in PLATFORMS:
        message = "The computePlatform is invalid. The value must be Lambda, Server, or ECS."
        raise ApiError("InvalidComputePlatformException", message)
    return str(platform)
