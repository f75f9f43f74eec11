"""What CodeDeploy remembers, and the checks that most operations share. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from embedded_aws.json_api import ApiError, Record, Scope

NAME = re.compile(r"[A-Za-z0-9+=,.@_-]+")
LONGEST_NAME = 100
TAGS_MOST = 50


@dataclass
class Store:
    """Records by name, of the account and region that `scope` tells.

    Groups have the key `(application, group)`, tags the ARN of their resource. Each mapping may
    show one scope at a time, as MiniStack's do, or be a plain dictionary.
    """

    scope: Callable[[], Scope]
    applications: MutableMapping[Any, Record] = field(default_factory=dict)
    groups: MutableMapping[Any, Record] = field(default_factory=dict)
    configs: MutableMapping[Any, Record] = field(default_factory=dict)
    deployments: MutableMapping[Any, Record] = field(default_factory=dict)
    tags: MutableMapping[Any, Record] = field(default_factory=dict)

    def arn(self, kind: str, name: str) -> str:
        scope = self.scope()
        return f"arn:aws:codedeploy:{scope.region}:{scope.account}:{kind}:{name}"

    def application(self, name: Any) -> Record:
        """The application of that name; raises what AWS answers without it."""
        checked_name(name, "Application")
        found = self.applications.get(name)
        if found is None:
            message = f"No application found for name: {name}"
            raise ApiError("ApplicationDoesNotExistException", message)
        return found

    def group(self, application: Any, name: Any) -> Record:
        """The deployment group of that name, of an application that exists."""
        self.application(application)
        checked_name(name, "DeploymentGroup")
        found = self.groups.get((application, name))
        if found is None:
            message = f"No Deployment Group found for name: {name}"
            raise ApiError("DeploymentGroupDoesNotExistException", message)
        return found

    def deployment(self, identifier: Any) -> Record:
        """The deployment with that id."""
        if not identifier:
            raise ApiError("DeploymentIdRequiredException", "The deployment ID was not specified.")
        if not re.fullmatch(r"d-[A-Z0-9]{9}", str(identifier)):
            message = f"The specified deployment ID {identifier} has an invalid format."
            raise ApiError("InvalidDeploymentIdException", message)
        found = self.deployments.get(identifier)
        if found is None:
            message = f"The deployment {identifier} could not be found"
            raise ApiError("DeploymentDoesNotExistException", message)
        return found

    def of_group(self, application: str, group: str) -> list[Record]:
        """The deployments of a group, newest first."""
        found = [
            deployment
            for deployment in list(self.deployments.values())
            if deployment["applicationName"] == application
            and deployment["deploymentGroupName"] == group
        ]
        return sorted(found, key=lambda d: d["createTime"], reverse=True)


WORDS = {
    "Application": "application name",
    "DeploymentGroup": "deployment group name",
    "DeploymentConfig": "deployment configuration name",
}


def checked_name(name: Any, kind: str) -> str:
    """`name` if it is one; else `<kind>NameRequiredException` or `Invalid<kind>NameException`."""
    words = WORDS[kind]
    if not name:
        raise ApiError(f"{kind}NameRequiredException", f"The {words} was not specified.")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        message = f"The specified {words} {name} has an invalid format."
        raise ApiError(f"Invalid{kind}NameException", message)
    return name


def checked_tags(tags: Any, error: str = "InvalidTagsToAddException") -> Record:
    """Tags as a dictionary from what a request lists."""
    found = {tag.get("Key"): tag.get("Value") or "" for tag in tags or []}
    if any(not key or len(key) > 128 or key.startswith("aws:") for key in found):
        raise ApiError(error, "The specified tag has an invalid key.")
    if len(found) > TAGS_MOST:
        raise ApiError(
            "TagLimitExceededException", "The maximum allowed number of tags was exceeded."
        )
    return found
