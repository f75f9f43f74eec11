"""What a value must be: each rule in words for people and as limits for pydantic and the schema.

pydantic takes these from the annotations without being imported here, so that looking at settings
costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

CoreSchema = dict[str, Any]

WORDS = "[a-z][a-z0-9]*(-[a-z0-9]+)*"
SEGMENT = "[A-Za-z0-9._~-]+"
SCHEDULE = (
    r"rate\([1-9][0-9]{0,5} (minute|hour|day)s?\)"
    r"|cron\([0-9A-Z*,/?#-]+( [0-9A-Z*,/?#-]+){5}\)"
    r"|at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)"
)


@dataclass(frozen=True)
class Must:
    """A rule of one value. `says` goes after "must be"; `limits` are pydantic-core's."""

    says: str
    limits: Mapping[str, object] = field(default_factory=dict)

    def __get_pydantic_core_schema__(
        self, source: object, handler: Callable[[object], CoreSchema]
    ) -> CoreSchema:
        # strict: TOML has types, so 8000.0, true and "8000" are no whole numbers.
        return {
            "type": "custom-error",
            "schema": {**handler(source), "strict": True, **self.limits},
            "custom_error_type": "must",
            "custom_error_message": self.says,
        }


def between(low: int, high: int, unit: str = "") -> Must:
    """A whole number in a range, both ends included."""
    words = f"a whole number from {low} to {high}"
    return Must(f"{words} ({unit})" if unit else words, {"ge": low, "le": high})


def number(low: float, high: float, unit: str) -> Must:
    """A number in a range, both ends included; whole ones need no point."""
    return Must(f"a number from {low:g} to {high:g} ({unit})", {"ge": low, "le": high})


def like(pattern: str, says: str, *, longest: int | None = None) -> Must:
    """Text that matches a regular expression from its start to its end."""
    length = {} if longest is None else {"max_length": longest}
    return Must(says, {"pattern": f"^(?:{pattern})$", **length})


def _name(longest: int) -> Must:
    """A name that becomes part of the names of resources; two characters at least."""
    return Must(
        f"2 to {longest} lowercase letters, digits and single hyphens, beginning with a letter",
        {"pattern": f"^{WORDS}$", "min_length": 2, "max_length": longest},
    )


Text = Annotated[str, Must("text in quotes")]
Flag = Annotated[bool, Must("true or false")]

# The lengths add up: the longest owner, project, account and region make a bucket's name of 63
# characters (owner-project-state-account-region), which is what S3 allows.
ProjectName = Annotated[str, _name(16)]
EnvironmentName = Annotated[str, _name(12)]
ServiceName = Annotated[str, _name(24)]
Owner = Annotated[
    str,
    like(
        f"({WORDS})?",
        "empty, or up to 12 lowercase letters, digits and single hyphens, beginning with a letter",
        longest=12,
    ),
]
Region = Annotated[
    str,
    like("[a-z]{2}(-[a-z]+)+-[0-9]", 'the name of an AWS region, as "us-west-1"', longest=14),
]
Account = Annotated[str, like("([0-9]{12})?", "the 12 digits of an AWS account, in quotes")]
Role = Annotated[
    str,
    like(
        "(arn:aws[a-z-]*:iam::[0-9]{12}:role/.+)?",
        'the ARN of a role, as "arn:aws:iam::123456789012:role/deploy"',
    ),
]
UrlPath = Annotated[
    str,
    like(
        f"/({SEGMENT}(/{SEGMENT})*)?",
        'a path as "/orders", up to 126 characters, without a slash at its end',
        longest=126,
    ),
]
RequestPath = Annotated[
    str,
    like(
        r"(/[A-Za-z0-9._~/%:@!$'()*+,;=&-]*)?(\?[A-Za-z0-9._~/%:@!$'()*+,;=&?-]*)?",
        'a path as "/orders/1?full=yes", up to 500 characters; empty is the route itself',
        longest=500,
    ),
]
HookName = Annotated[
    str,
    # AWSCodeDeployRoleForECSLimited lets CodeDeploy call functions of this name only.
    like(
        "(CodeDeployHook_[A-Za-z0-9_-]{1,49})?",
        'empty, or the name of a Lambda function, as "CodeDeployHook_orders"',
        longest=64,
    ),
]
Topic = Annotated[
    str,
    like(
        "(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?",
        'empty, or the ARN of a topic, as "arn:aws:sns:us-west-1:123456789012:deploys"',
    ),
]
OptionalVariable = Annotated[
    str, like("([A-Za-z_][A-Za-z0-9_]*)?", "empty, or the name of an environment variable")
]
JsonTable = Annotated[Mapping[str, object], Must("a table")]
Host = Annotated[
    str,
    like(
        r"([a-z0-9-]+(\.[a-z0-9-]+)+)?", 'a lowercase host name, as "api.example.com"', longest=128
    ),
]
VariableName = Annotated[
    str, like("[A-Za-z_][A-Za-z0-9_]*", "a name of letters, digits and underscores")
]
SecretName = Annotated[
    str,
    # Capitals only: the entries that Slipway itself makes beside these are lowercase.
    like(
        "[A-Z][A-Z0-9_]*",
        'a name of up to 64 capitals, digits and underscores, as "STRIPE_KEY"',
        longest=64,
    ),
]
ParameterName = Annotated[
    str,
    like(
        r"(/[A-Za-z0-9._-]+)+",
        'the full name of a parameter, as "/shop/staging/flags"',
        longest=1011,
    ),
]
JobName = Annotated[
    str,
    like(
        WORDS,
        "1 to 20 lowercase letters, digits and single hyphens, beginning with a letter",
        longest=20,
    ),
]
CommandLine = Annotated[
    tuple[Text, ...],
    Must(
        'a list of texts, the program first, as ["python", "-m", "reports"]',
        {"min_length": 1, "strict": False},
    ),
]
Schedule = Annotated[
    str,
    like(
        f"({SCHEDULE})?",
        'empty, or a schedule as "rate(1 hour)", "cron(0 6 * * ? *)" or "at(2027-01-31T06:00:00)"',
    ),
]
TimeZone = Annotated[
    str,
    like(
        "[A-Za-z]+([_+-][A-Za-z0-9]+)*(/[A-Za-z0-9]+([_+-][A-Za-z0-9]+)*)*",
        'the name of a time zone, as "UTC" or "America/New_York"',
        longest=50,
    ),
]
BucketName = Annotated[
    str,
    like(
        WORDS,
        "1 to 20 lowercase letters, digits and single hyphens, beginning with a letter",
        longest=20,
    ),
]
