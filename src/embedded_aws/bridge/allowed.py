"""What a task may call. Pure; whatever is not named here is refused.

A task must not reach what starts containers or functions, or has others do so: ECS, CodeDeploy,
Lambda, rules of EventBridge, the registry, CloudFormation. A request is allowed where the protocol,
the service and the action are told in one way only, so that MiniStack can't read it as another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

TARGETS = frozenset(
    f"{prefix}.{action}"
    for prefix, actions in {
        "secretsmanager": (
            *("GetSecretValue", "DescribeSecret", "BatchGetSecretValue"),
            # A migration writes the password of the role that it makes.
            "PutSecretValue",
        ),
        "AmazonSSM": ("GetParameter", "GetParameters", "GetParametersByPath"),
        "Logs_20140328": ("CreateLogStream", "DescribeLogStreams", "PutLogEvents"),
        "GraniteServiceVersion20100801": ("PutMetricData",),
    }.items()
    for action in actions
)
"""Of the JSON protocol, by the header `X-Amz-Target`."""

ACTIONS = frozenset(
    {
        ("monitoring", "PutMetricData"),
        ("sns", "Publish"),
        ("sns", "PublishBatch"),
        ("sts", "GetCallerIdentity"),
    }
)
"""Of the query protocol: the service that the signature names, and the form's `Action`."""

OPERATIONS = frozenset({"/service/GraniteServiceVersion20100801/operation/PutMetricData"})
"""Paths of the CBOR protocol; the signature names CloudWatch."""

OWN = re.compile(r"/v4/[\w-]{8,}(/task|/stats|/task/stats)?|/v2/credentials/[\w-]+")
"""Metadata and credentials of the task itself."""

STATE = re.compile(r".*-?state-\d{12}-[a-z0-9-]+")
"""Buckets of Terraform's states: who writes one has the next `apply` do what it says."""

FORM = "application/x-www-form-urlencoded"
SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request\b")
HEADERS = re.compile(
    r"authorization|content-(type|length|md5|disposition|language|encoding)|range|if-[a-z-]+|date"
    r"|cache-control|expires|user-agent|accept|x-amz-(?!request-route)[a-z0-9-]+|transfer-encoding"
    r"|smithy-protocol|amz-sdk-[a-z-]+"
)
"""Headers that are handed on; not `Host`, by which MiniStack tells services too."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request, its headers' names in lower case; `body` is needed for forms only."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def scope(self) -> str:
        """The service that the signature is for, empty where that isn't clear."""
        found = SCOPE.findall(self.headers.get("authorization", ""))
        return found[0] if len(found) == 1 else ""

    @property
    def has_form(self) -> bool:
        return self.headers.get("content-type", "").partition(";")[0].strip() == FORM


def is_allowed(request: Request, buckets: Collection[str]) -> bool:
    """Whether a task may have that; `buckets` are those that there are."""
    if request.method == "GET" and OWN.fullmatch(request.path):
        return not request.query
    target = request.headers.get("x-amz-target")
    if request.scope == "s3" and target is None:
        return _on_bucket(request, buckets)
    if request.method != "POST" or request.query:
        return False
    if target is not None:
        return request.path == "/" and target in TARGETS and not request.has_form
    if request.path in OPERATIONS:
        return request.scope == "monitoring" and not request.has_form
    return request.path == "/" and request.has_form and _action(request) in ACTIONS


def _action(request: Request) -> tuple[str, str]:
    """Service and action of a form; empty words where a form could be read in two ways."""
    if not request.body.isascii() or "content-encoding" in request.headers:
        return "", ""
    named = parse_qs(request.body.decode("ascii"), keep_blank_values=True).get("Action", [])
    return (request.scope, named[0]) if len(named) == 1 else ("", "")


def _on_bucket(request: Request, buckets: Collection[str]) -> bool:
    """Objects of buckets that are there: neither the buckets themselves nor Terraform's states."""
    bucket, _, key = request.path.removeprefix("/").partition("/")
    asked = parse_qs(request.query, keep_blank_values=True)
    if bucket not in buckets or STATE.fullmatch(bucket) or "Action" in asked:
        return False
    if {"..", "."} & set(key.split("/")):
        return False
    if key:
        return request.method in ("GET", "HEAD", "PUT", "POST", "DELETE")
    return request.method in ("GET", "HEAD") or (request.method == "POST" and "delete" in asked)


def handed_on(headers: Mapping[str, str], host: str) -> dict[str, str]:
    """The headers that MiniStack gets."""
    kept = {name: value for name, value in headers.items() if HEADERS.fullmatch(name)}
    return {**kept, "host": host}
