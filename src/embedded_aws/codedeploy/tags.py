"""TagResource, UntagResource and ListTagsForResource. Pure over the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.codedeploy.store import Store, checked_tags
from embedded_aws.json_api import ApiError, Handler, Record, Request


class Tags:
    """The operations on tags, of applications and deployment groups."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "ListTagsForResource": self.list,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }

    def list(self, request: Request) -> Mapping[str, Any]:
        tags = self._tags(request.get("ResourceArn"))
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}

    def tag(self, request: Request) -> None:
        tags = self._tags(request.get("ResourceArn"))
        if not request.get("Tags"):
            raise ApiError("TagRequiredException", "A tag was not specified.")
        tags.update(checked_tags(request["Tags"]))
        checked_tags([{"Key": key, "Value": value} for key, value in tags.items()])

    def untag(self, request: Request) -> None:
        tags = self._tags(request.get("ResourceArn"))
        for key in request.get("TagKeys") or []:
            tags.pop(key, None)

    def _tags(self, arn: Any) -> Record:
        if not arn:
            raise ApiError("ResourceArnRequiredException", "The ARN of a resource is required.")
        parts = str(arn).split(":", 6)
        if len(parts) != 7 or parts[:3] != ["arn", "aws", "codedeploy"]:
            raise ApiError("InvalidArnException", "The specified ARN is not in a valid format.")
        kind, name = parts[5], parts[6]
        if kind == "application":
            self._store.application(name)
        elif kind == "deploymentgroup":
            self._store.group(*name.split("/", 1)) if "/" in name else self._store.application(name)
        else:
            raise ApiError("ArnNotSupportedException", "The specified ARN is not supported.")
        return self._store.tags.setdefault(self._store.arn(kind, name), {})
