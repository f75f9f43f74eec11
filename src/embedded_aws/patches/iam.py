"""IAM: a service-linked role has the description that it was given, and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "services.iam._IAM_HANDLERS": None,
    "services.iam._create_service_linked_role": ("p",),
    "services.iam._p": ("params", "key", "default"),
    "services.iam._roles": None,
}


def apply() -> None:
    """Patch the service."""
    from ministack.services import iam

    theirs = iam._create_service_linked_role

    def create(p: Mapping[str, Any]) -> Any:
        response = theirs(p)
        body = response[2].decode() if isinstance(response[2], bytes) else str(response[2])
        found = re.search(r"<RoleName>(.+?)</RoleName>", body)
        if response[0] == 200 and found:
            iam._roles[found[1]]["Description"] = iam._p(p, "Description")
        return response

    iam._IAM_HANDLERS["CreateServiceLinkedRole"] = create
