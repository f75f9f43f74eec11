"""AWS Copilot's manifests: what each of their keys becomes; pure.

Source of their keys: Copilot's documentation, "Manifest" (release 1.34).
"""

from __future__ import annotations

from slipway.errors import ConfigError
from slipway.importing import copilot_web
from slipway.importing.copilot_words import GIVEN, JOB, LEFT, SERVICE
from slipway.importing.draft import Node
from slipway.importing.schedule import schedule
from slipway.importing.shared import name_of, named, port, route, sizes
from slipway.importing.variables import confidential, variable

READ_ONLY = "the root file system is read-only, except for /tmp"
BACKEND, WORKER, SCHEDULED = "Backend Service", "Worker Service", "Scheduled Job"
SERVING = ("Load Balanced Web Service", BACKEND, WORKER)
REFUSED = {
    "Request-Driven Web Service": (
        "it runs on App Runner, which has no task definition",
        "change its type to Load Balanced Web Service in a copy, then import that",
    ),
    "Static Site": (
        "it has no container: files in a bucket behind CloudFront",
        "keep it where it is: Slipway runs containers",
    ),
    "Environment": (
        "it describes an environment and no service",
        "write what it says into infra/environments/NAME.tfvars (docs/infrastructure.md)",
    ),
}


def draft(manifest: Node, name: str = "") -> str:
    """Fill the draft from a manifest; the service's name. Raises `ConfigError` for what can't."""
    kind = type_of(manifest)
    called = name_of(manifest.at("name").text() or "", name, manifest.draft.around)
    named(manifest.at("name"), called)
    if kind == SCHEDULED:
        manifest.at("type").carry("kind", "job", "one that only runs its job")
        job(manifest, called)
    else:
        manifest.at("type").carry("kind", "web", TYPES[kind])
        if TYPES[kind]:
            manifest.draft.todo.append(f"A {kind} becomes a web service: {TYPES[kind]}.")
    common(manifest, job=kind == SCHEDULED)
    for environment, node in manifest.at("environments").entries():
        override(environment, node, manifest, job=kind == SCHEDULED)
    if kind != SCHEDULED:
        route(manifest.draft, called)
    return called


TYPES = {
    SERVING[0]: "",
    BACKEND: "it is behind the load balancer here, for everybody who reaches that: restrict who "
    "does (docs/infrastructure.md), or ask who calls; other services call it by `needs`",
    WORKER: "Slipway has web services and jobs: let it answer `health.path` on $PORT beside its "
    "work, or make it a job that a schedule starts",
}


def type_of(manifest: Node) -> str:
    """Which of Copilot's types it is. Raises `ConfigError` for one without a counterpart."""
    kind = manifest.at("type").text() or ""
    if kind in (*SERVING, SCHEDULED):
        return kind
    reason, next_step = REFUSED.get(
        kind, ("not a type of Copilot that is known here", "correct the type, then import again")
    )
    raise ConfigError(f"{manifest.file}: type: {kind or 'none'}: {reason}", next_step=next_step)


def override(environment: str, node: Node, base: Node, *, job: bool) -> None:
    """What holds for one environment alone."""
    if environment not in node.draft.around.environments:
        known = ", ".join(node.draft.around.environments)
        node.leave(
            f"slipway.toml has no environment {environment} (it has {known}): add it, or call it "
            "in a copy of the manifest as it is called here, and import again"
        )
        return
    inner = node.other(above=("environments", environment))
    if job:
        command(inner, base)
        timed(inner.at("on.schedule"))
    common(inner, job=job)


def common(node: Node, *, job: bool) -> None:
    """What services and jobs have in common, and services alone."""
    sizes(node.at("cpu"), node.at("cpu").number(), node.at("memory"), node.at("memory").number())
    platform(node.at("platform"))
    for name, value in node.at("variables").entries():
        variable(value, name, value)
    env_files(node)
    for name, value in node.at("secrets").entries():
        said_secret(value, name)
    if not job:
        port(node.at("image.port"))
        copilot_web.web(node)
    files(node.at("storage.readonly_fs"))
    for key, why in {**LEFT, **(JOB if job else SERVICE)}.items():
        node.at(key).leave(why)
    for key, why in GIVEN.items():
        node.at(key).given(why)


def said_secret(node: Node, name: str) -> None:
    """A secret: the name of a parameter, or a table that names a secret of Secrets Manager."""
    if isinstance(node.value, dict):
        confidential(node, name, None)
    else:
        confidential(node, name, node.text() or "")


def env_files(node: Node) -> None:
    """The variables in the file of `env_file`, which the reader has put beside its name."""
    file = node.at("env_file")
    found = node.draft.aside.get(file.text() or "")
    if found is None:
        file.leave("the file is not here: write its lines into [env]")
        return
    for name, text in found.items():
        variable(file, name, file.other(value=text))
    file.given("its lines are taken as variables")


def files(read_only: Node) -> None:
    """Whether the root file system can be written."""
    if read_only.flag():
        read_only.given(READ_ONLY)
    else:
        read_only.leave(f"{READ_ONLY}: write there")


def platform(node: Node) -> None:
    """Processor and operating system."""
    text = node.at("architecture").text() if isinstance(node.value, dict) else node.text()
    words = (text or "").lower()
    if "windows" in str(node.value).lower():
        node.leave("Windows containers are not for Slipway, whose images are Debian's")
    elif "arm64" in words:
        node.carry("architecture", "arm64")
    elif "x86_64" in words or "amd64" in words:
        node.carry("architecture", "x86_64")


def job(manifest: Node, name: str) -> None:
    """When the job runs, and what runs."""
    if not command(manifest, manifest):
        draft = manifest.draft
        draft.set(("jobs", "main", "command"), ["python", "-m", name.replace("-", "_")])
        draft.todo.append(
            "The manifest names no command, since the image's own runs: write that into "
            "`jobs.main.command`."
        )
    timed(manifest.at("on.schedule"))


def timed(node: Node) -> None:
    """When the job runs."""
    text = node.text()
    found = schedule(text) if text is not None else None
    if found is None:
        node.leave("Scheduler has no such schedule: write `jobs.main.schedule` yourself")
    else:
        node.carry("jobs.main.schedule", found, said(text or "", found))


def said(text: str, found: str) -> str:
    """Why a schedule is written otherwise, or ""."""
    if not found:
        return "no time starts it: `invoke jobs.run` does"
    return "" if found == text else f"{text}, in UTC"


def command(node: Node, base: Node) -> bool:
    """What the job runs, behind its entry point where it has one; whether anything is said."""
    given = [node.at(key) for key in ("entrypoint", "command")]
    parts = [split(each) or split(base.at(str(each.place[-1]))) for each in given]
    words = [word for part in parts for word in part or []]
    for each in given:
        if split(each):
            each.carry("jobs.main.command", words)
    return bool(words)


def split(node: Node) -> list[str] | None:
    """A command as a list, from a list or from a text as a shell reads it."""
    import shlex

    if node.items():
        return node.words()
    text = node.text()
    try:
        return shlex.split(text) if text else None
    except ValueError:
        return None
