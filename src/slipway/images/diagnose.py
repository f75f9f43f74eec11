"""Why a build, a trial start or a push failed: one cause and one remedy; pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.errors import BuildError
from slipway.images.plan import ImagePlan, Stage

if TYPE_CHECKING:
    from slipway.engine import HealthAnswer
    from slipway.images.local import LocalImage

TAIL = 30
"""Lines of output that an error shows; the whole of it is in the log."""

_SETUP = "uv run invoke setup"


@dataclass(frozen=True)
class Cause:
    """What output that matches `pattern` means; `{service}` and `{found}` are filled in."""

    pattern: str
    message: str
    next_step: str


_NETWORK = "check the network and its proxy, then run the command again"

BUILD_CAUSES = (
    Cause(
        r"Cannot connect to the Docker daemon|error during connect|connection to the docker daemon"
        r"|closing transport|rpc error: code = Unavailable",
        "the Docker engine went away",
        _SETUP,
    ),
    Cause(
        r"no space left on device|ENOSPC|disk quota exceeded",
        "no space left on the engine's disk",
        "docker builder prune",
    ),
    Cause(
        r"target stage \"?(?P<found>\w+)\"? could not be found",
        "its Dockerfile has no stage {found}",
        "add it to services/{service}/Dockerfile: the stages are builder, test, runtime",
    ),
    Cause(
        r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|UnknownIssuer"
        r"|x509: certificate signed by unknown authority|self[- ]signed certificate",
        "a TLS certificate is not trusted inside the build",
        "name your network's CA bundle: export SSL_CERT_FILE=/path/to/bundle.pem"
        " (for base images the engine itself has to trust it)",
    ),
    Cause(
        r" > \[internal\] load metadata for (?P<found>\S+):",
        "the base image {found} is neither here nor to be had",
        _SETUP,
    ),
    Cause(
        r"\"/?(?P<found>[^\"]+)\":? not found",
        "its Dockerfile copies {found}, which is not in the build context",
        "check the path, and whether .dockerignore or .gitignore leaves it out",
    ),
    Cause(
        r"[Dd]ockerfile parse error (?:on )?(?P<found>line .*)",
        "its Dockerfile can't be read: {found}",
        "mend services/{service}/Dockerfile",
    ),
    Cause(
        r"exec format error",
        "this machine can't run programs of the wanted architecture",
        "set architecture in services/{service}/service.toml to this machine's, or build elsewhere",
    ),
    Cause(
        r"[Ll]ockfile at .?uv\.lock.? needs to be updated",
        "uv.lock does not fit pyproject.toml",
        "cd services/{service} && uv lock",
    ),
    Cause(
        r"Temporary failure in name resolution|Could not resolve|dns error|Name or service not"
        r" known|no such host|Connection refused|timed out|i/o timeout|Network is unreachable",
        "the network does not reach what the build downloads from",
        _NETWORK,
    ),
    Cause(
        r"exit code: 137\b|signal: killed",
        "a step was killed, most likely for want of memory",
        "give the Docker engine more memory, then run the command again",
    ),
)

PUSH_CAUSES = (
    BUILD_CAUSES[0],
    Cause(
        r"name unknown|NAME_UNKNOWN|repository .*(?:does not exist|not found)",
        "the registry has no such repository",
        "apply the registry stack: uv run invoke deploy --env=ENV",
    ),
    Cause(
        r"denied|no basic auth credentials|unauthorized|authentication required|authorization"
        r" token has expired|403 Forbidden",
        "the registry refused",
        "check that your role may push: ecr:GetAuthorizationToken, ecr:PutImage and the layer"
        " actions on this repository",
    ),
    Cause(r"x509|certificate", "the engine does not trust the registry's certificate", _NETWORK),
    Cause(r"http: server gave HTTP response", "the registry speaks no TLS", "uv run invoke doctor"),
    Cause(
        r"connection refused|no such host|timeout|timed out|EOF|connection reset",
        "the registry can't be reached",
        _NETWORK,
    ),
)

_TESTS_FAILED = re.compile(r"^(?:FAILED|ERROR) |\b\d+ (?:failed|errors?)\b", re.MULTILINE)
_FAILED_STEP = re.compile(
    r"^ > \[(?:(?P<stage>[\w.-]+) +)?\d+/\d+\] (?P<what>.*?):?$", re.MULTILINE
)
_FAILED_ID = re.compile(r"^#(?P<id>\d+) ERROR", re.MULTILINE)


def build_error(service: str, stage: Stage, output: str, *, log: str) -> BuildError:
    """The error for a build of `stage` that printed `output`; `log` is where all of it is."""
    step = _FAILED_STEP.search(output)
    tail = failing_tail(output)
    if stage == "test" and step and step["stage"] == "test" and _TESTS_FAILED.search(tail):
        message, next_step = f"tests of {service} failed", f"mend them; all output: {log}"
        return BuildError(f"{message}\n{tail}", next_step=next_step)
    cause = _cause(BUILD_CAUSES, tail, service) or _cause(BUILD_CAUSES, _frame(output), service)
    where = f" in stage {step['stage'] or stage}: {step['what']}" if step else ""
    message, next_step = cause or (f"it ended with an error{where}", f"all output: {log}")
    return BuildError(f"image of {service}: {message}\n{tail}", next_step=next_step)


def push_error(plan: ImagePlan, output: str, *, log: str) -> BuildError:
    """The error for a push that printed `output`."""
    message, next_step = _cause(PUSH_CAUSES, output, plan.service) or (
        "the push failed",
        f"all output: {log}",
    )
    return BuildError(f"push of {plan.reference}: {message}\n{_last(output)}", next_step=next_step)


def trial_error(plan: ImagePlan, answer: HealthAnswer) -> BuildError:
    """The error for an image that did not become healthy when it was started."""
    log = f"\n{answer.log}" if answer.log else ""
    next_step = f"mend services/{plan.service}; nothing was pushed"
    if answer.reason == "out of memory":
        next_step = f"raise memory in services/{plan.service}/service.toml; nothing was pushed"
    doing = f"{shlex.join(plan.ask.command)} fails" if plan.ask.command else "does not start"
    return BuildError(
        f"image of {plan.service} was built but {doing}: {answer.reason}{log}",
        next_step=next_step,
    )


def image_error(plan: ImagePlan, image: LocalImage) -> BuildError | None:
    """What is wrong with an image before it is started, if anything."""
    dockerfile = f"services/{plan.service}/{plan.dockerfile}"
    if image.runs_as_root:
        return BuildError(
            f"{dockerfile}: the image runs as root: add USER",
            next_step="add a line like USER 10001:10001 to the stage runtime",
        )
    if not plan.platform.endswith(f"/{image.architecture}"):
        return BuildError(
            f"{dockerfile}: built for {image.architecture}, but wanted is {plan.platform}",
            next_step="remove --platform from its FROM lines",
        )
    return None


def failing_tail(output: str) -> str:
    """The last lines of the step that failed, without BuildKit's marks; else of everything."""
    failed = _FAILED_ID.search(output)
    if not failed:
        return _last(output)
    own = re.compile(rf"#{failed['id']} [\d.]+ ?(.*)")
    said = [match[1] for line in output.splitlines() if (match := own.fullmatch(line))]
    return _last("\n".join(said)) if said else _last(output)


def _frame(output: str) -> str:
    """What BuildKit itself says; what its steps printed may be of ones that went well."""
    return "\n".join(line for line in output.splitlines() if not re.match(r"#\d+ [\d.]+ ", line))


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-TAIL:])


def _cause(causes: tuple[Cause, ...], output: str, service: str) -> tuple[str, str] | None:
    for cause in causes:
        match = re.search(cause.pattern, output)
        if match:
            found = next((name for name in match.groupdict().values() if name), "")
            fill = {"service": service, "found": found}
            return cause.message.format(**fill), cause.next_step.format(**fill)
    return None
