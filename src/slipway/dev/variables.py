"""What each program gets, as a container would in an environment; pure.

docs/configuration.md lists these variables, docs/development.md what is otherwise here.
"""

from __future__ import annotations

from collections.abc import Mapping

from slipway import names
from slipway.aws import EMBEDDED_KEY
from slipway.config import Service, Settings
from slipway.config.variables import address_variable, bucket_variable
from slipway.dev.ports import POSTGRES, REDIS
from slipway.images.plan import DEVELOPMENT

HOST = "127.0.0.1"
PASSWORD = "slipway"  # noqa: S105 - of databases that listen on loopback alone
"""The password of every database account here."""

Ports = Mapping[str, int]


def variables(
    service: Service, settings: Settings, ports: Ports, local: Mapping[str, str]
) -> dict[str, str | None]:
    """The variables of a service; `local` are its values for this machine, and the strongest."""
    return {
        **_own(service, ports),
        **(_database(service.name, ports[POSTGRES]) if service.database.enabled else {}),
        **(_cache(service.name, ports[REDIS]) if service.cache.enabled else {}),
        **_aws(service, settings),
        **{address_variable(name): url(settings.services[name], ports) for name in service.needs},
        **service.env,
        # There is no load balancer here that has to notice before a server may stop.
        "DRAIN_SECONDS": "0",
        **local,
        "PYTHONUNBUFFERED": "1",
        # Without files of bytecode each start would compile everything anew.
        "PYTHONDONTWRITEBYTECODE": None,
        # Ours would make `uv run` doubt which environment is meant.
        "VIRTUAL_ENV": None,
    }


def url(service: Service, ports: Ports) -> str:
    """Where a service is to be reached, its route included."""
    return f"http://{HOST}:{ports[service.name]}{service.route.path.rstrip('/')}"


def account(name: str) -> str:
    """What a service's database and its role are called."""
    return name.replace("-", "_")


def database_url(name: str, port: int) -> str:
    """What `psql` takes to reach a service's database."""
    own = account(name)
    return f"postgresql://{own}:{PASSWORD}@{HOST}:{port}/{own}"


def cache_url(port: int) -> str:
    """What `redis-cli -u` takes."""
    return f"redis://{HOST}:{port}/0"


def missing(service: Service, local: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets and parameters that have no value on this machine."""
    return tuple(name for name in (*service.secrets, *service.parameters) if not local.get(name))


def _own(service: Service, ports: Ports) -> dict[str, str]:
    place = {
        "PORT": str(ports.get(service.name, "")),
        "ROUTE_PATH": service.route.path.rstrip("/"),
    }
    return {
        "SERVICE_NAME": service.name,
        "SERVICE_VERSION": "dev",
        "ENVIRONMENT": DEVELOPMENT,
        **(place if service.serves else {}),
    }


def _database(name: str, port: int) -> dict[str, str]:
    return {
        "DATABASE_HOST": HOST,
        "DATABASE_PORT": str(port),
        "DATABASE_INSTANCE": "dev",
        "DATABASE_NAME": account(name),
        "DATABASE_USERNAME": account(name),
        "DATABASE_PASSWORD": PASSWORD,
    }


def _cache(name: str, port: int) -> dict[str, str]:
    return {"CACHE_HOST": HOST, "CACHE_PORT": str(port), "CACHE_PREFIX": f"{name}:"}


def _aws(service: Service, settings: Settings) -> dict[str, str | None]:
    """AWS is the embedded one: no program that is being worked on gets at an account."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{settings.local.port}",
        "AWS_ACCESS_KEY_ID": EMBEDDED_KEY,
        "AWS_SECRET_ACCESS_KEY": EMBEDDED_KEY,
        "AWS_SESSION_TOKEN": None,
        "AWS_PROFILE": None,
        "AWS_REGION": settings.environment.region,
        "AWS_DEFAULT_REGION": settings.environment.region,
        **{
            bucket_variable(name): names.bucket(settings, service.name, name)
            for name in service.buckets
        },
    }
