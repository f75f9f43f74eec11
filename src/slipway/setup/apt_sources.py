"""Where this machine gets Debian's archive from, so that other releases come from there too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

APT = Path("/etc/apt")

SUITE = re.compile(
    r"(?P<release>buster|bullseye|bookworm|trixie|forky|duke|sid|(old){0,2}stable|(un)?stable|testing)"
    r"(?P<kind>-updates|-security)?"
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One archive that apt reads packages from."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""

    @property
    def is_debian(self) -> bool:
        """Whether it is Debian's own archive or a mirror of it.

        Others name their suites after Debian's releases too; they have keys or paths of their own.
        """
        folders = urlsplit(self.uri).path.strip("/").split("/")
        return (
            bool({"debian", "debian-security"} & set(folders))
            and "main" in self.components
            and (not self.signed_by or "debian-archive" in self.signed_by)
        )


def host_sources(apt: Path = APT) -> list[Source]:
    """Every source that apt is configured with here; none where there is no apt."""
    lists = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]
    lines = [source for file in lists for source in one_line(_text(file))]
    stanzas = sorted(apt.glob("sources.list.d/*.sources"))
    return [*lines, *(source for file in stanzas for source in deb822(_text(file)))]


def archive_lines(release: str, sources: Iterable[Source]) -> tuple[str, ...]:
    """apt's lines for another Debian release from the same mirrors.

    Empty where no mirror of Debian is configured, which leaves the choice to mmdebstrap.
    """
    lines = []
    for source in sources:
        kinds = [match["kind"] or "" for match in map(SUITE.fullmatch, source.suites) if match]
        if source.is_debian:
            lines += [_line(source, f"{release}{kind}") for kind in kinds]
    return tuple(dict.fromkeys(lines))


def one_line(text: str) -> Iterator[Source]:
    """The sources in a file of one-line entries: `deb [options] uri suite component…`."""
    entry = re.compile(
        r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<rest>.*)"
    )
    for line in text.splitlines():
        if match := entry.match(line.strip()):
            options = dict(part.partition("=")[::2] for part in (match["options"] or "").split())
            yield Source(
                uri=match["uri"],
                suites=(match["suite"],),
                components=tuple(match["rest"].partition("#")[0].split()),
                signed_by=options.get("signed-by", ""),
            )


def deb822(text: str) -> Iterator[Source]:
    """The sources in a file of stanzas: `Types: deb`, `URIs: …`, `Suites: …`."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", kept):
        fields = _fields(stanza)
        wanted = "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no"
        for uri in fields.get("uris", "").split() if wanted else ():
            yield Source(
                uri=uri,
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", ""),
            )


def _fields(stanza: str) -> Mapping[str, str]:
    unfolded = re.sub(r"\n[ \t]+", " ", stanza)
    pairs = (line.partition(":") for line in unfolded.splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _line(source: Source, suite: str) -> str:
    options = f"[signed-by={source.signed_by}] " if source.signed_by.startswith("/") else ""
    return f"deb {options}{source.uri} {suite} main"


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""
