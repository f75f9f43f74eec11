"""Secrets of services: which there are, and putting values in. A value is never shown.

Terraform makes the entries, each with a placeholder, and never touches the value again; it is
written here, by `invoke secrets.set`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import calls, error_code
from slipway.config.nearest import did_you_mean, nearest
from slipway.errors import InfraError, UsageError
from slipway.release.parallel import side_by_side

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.aws import Aws
    from slipway.config import Service, Settings

PLACEHOLDER = "not set: "
"""What the value begins with that `infra/service/data.tf` gives an entry which it makes."""

LONGEST = 65_536
"""Bytes of a value; source: AWS's quotas of Secrets Manager."""

_DELETED = frozenset({"InvalidRequestException"})
_ABSENT = frozenset({"ResourceNotFoundException"})


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One entry, as far as anybody may see it; `state` is set, unset or missing.

    `changed` (UTC) and `version` are of the value that a task would get now.
    """

    service: str
    name: str
    id: str
    state: str
    changed: datetime | None = None
    version: str = ""


def unset(aws: Aws, settings: Settings, service: Service) -> list[str]:
    """The names of `service`'s secrets that have no value yet. Raises `AccessError`."""
    with calls(f"looking at the secrets of {service.name}"):
        found = side_by_side(
            {name: partial(_value, aws, settings, service.name, name) for name in service.secrets}
        )
    return missing(found)


def missing(values: Mapping[str, str | None]) -> list[str]:
    """The names whose value is none, or still the placeholder; pure."""
    return [name for name, value in values.items() if not is_set(value)]


def is_set(value: str | None) -> bool:
    """Whether this is a value that somebody gave."""
    return value is not None and value != "" and not value.startswith(PLACEHOLDER)


def set_command(environment: str, service: str, name: str) -> str:
    """What to type to give a secret its value."""
    return f"uv run invoke secrets.set --env={environment} --service={service} --name={name}"


def overview(aws: Aws, settings: Settings, services: Iterable[Service]) -> list[Secret]:
    """Every secret that these services declare, in the order of the manifests."""
    with calls("listing secrets"):
        jobs = {
            f"{service.name}/{name}": partial(look, aws, settings, service.name, name)
            for service in services
            for name in service.secrets
        }
        return list(side_by_side(jobs).values())


def look(aws: Aws, settings: Settings, service: str, name: str) -> Secret:
    """One secret, without its value."""
    identity = names.secret(settings, service, name)
    found = Secret(service=service, name=name, id=identity, state="missing")
    try:
        answer = aws.secretsmanager.get_secret_value(SecretId=identity)
    except Exception as error:
        if error_code(error) in _ABSENT | _DELETED:
            return found
        raise
    given = is_set(answer.get("SecretString", "(binary)"))
    return Secret(
        service=service,
        name=name,
        id=identity,
        state="set" if given else "unset",
        changed=answer["CreatedDate"],
        version=answer["VersionId"],
    )


def versions(aws: Aws, settings: Settings, service: str) -> dict[str, str]:
    """The version of each secret of `service` that a task started now would get, by name."""
    declared = settings.services[service].secrets
    return side_by_side(
        {name: partial(_version, aws, settings, service, name) for name in declared}
    )


def _version(aws: Aws, settings: Settings, service: str, name: str) -> str:
    """The id of the current version, "" where there is none; the value is not read."""
    try:
        found = aws.secretsmanager.describe_secret(SecretId=names.secret(settings, service, name))
    except aws.secretsmanager.exceptions.ResourceNotFoundException:
        return ""
    stages = found.get("VersionIdsToStages", {}).items()
    return next((version for version, given in stages if "AWSCURRENT" in given), "")


def declared(service: Service, name: str) -> None:
    """Raise `UsageError` with the nearest name unless the manifest of `service` has `name`."""
    if name in service.secrets:
        return
    file = f"services/{service.name}/service.toml"
    if not service.secrets:
        raise UsageError(
            f"{file} declares no secrets", next_step=f'add secrets = ["{name}"] to it, and deploy'
        )
    meant = nearest(name, service.secrets)
    raise UsageError(
        f"{file} declares no secret {name}{did_you_mean(meant)}; "
        f"there are: {', '.join(service.secrets)}",
        next_step=f"pass --name={meant or service.secrets[0]}, or add it to secrets, and deploy",
    )


def text(raw: bytes, *, keep_newline: bool) -> str:
    """The value in what was read, without the one newline at its end unless it is kept; pure.

    Raises `UsageError`, which does not show the value, for what can't be one.
    """
    if len(raw) > LONGEST:
        raise UsageError(f"the value has {len(raw)} bytes, {LONGEST} are allowed")
    try:
        value = raw.decode()
    except UnicodeDecodeError:
        raise UsageError("the value is not text (UTF-8); encode it, with base64 for one") from None
    if not keep_newline:
        value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise UsageError("the value is empty; nothing was set")
    if not is_set(value):
        raise UsageError(f"a value may not begin with {PLACEHOLDER!r}: that is a missing one's")
    return value


def put(aws: Aws, settings: Settings, service: str, name: str, value: str) -> bool:
    """Make `value` the secret's value; False where it is that already.

    Raises `InfraError` where there is no entry: Terraform makes it.
    """
    identity = names.secret(settings, service, name)
    client = aws.secretsmanager
    with calls(f"setting {identity}"):
        try:
            if _current(aws, identity) == value:
                return False
            client.put_secret_value(SecretId=identity, SecretString=value)
        except (
            client.exceptions.ResourceNotFoundException,
            client.exceptions.InvalidRequestException,
        ) as error:
            raise _no_entry(settings, service, identity, error_code(error)) from error
    return True


def _current(aws: Aws, identity: str) -> str | None:
    """The value; None where there is no entry, or one without a value."""
    client = aws.secretsmanager
    try:
        answer = client.get_secret_value(SecretId=identity)
    except client.exceptions.ResourceNotFoundException:
        return None
    return answer.get("SecretString", "(binary)")


def _value(aws: Aws, settings: Settings, service: str, name: str) -> str | None:
    """As `_current`; None as well for an entry that is about to be deleted."""
    try:
        return _current(aws, names.secret(settings, service, name))
    except aws.secretsmanager.exceptions.InvalidRequestException:
        return None


def _no_entry(settings: Settings, service: str, identity: str, code: str) -> InfraError:
    environment = settings.environment.name
    if code in _DELETED:
        return InfraError(
            f"{identity} is about to be deleted",
            next_step=f"aws secretsmanager restore-secret --secret-id {identity}",
        )
    return InfraError(
        f"{identity} does not exist yet: the first deploy of {service} makes it",
        next_step=f"uv run invoke deploy --env={environment} --service={service}, "
        "which then asks for the values",
    )
