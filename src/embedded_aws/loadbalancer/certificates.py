"""The certificates that HTTPS listeners show, each with its key in a file of the instance's."""

from __future__ import annotations

import hashlib
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

log = logging.getLogger("embedded.certificates")

Sign = Callable[[Sequence[str], str], tuple[str, str]]
"""(names, address) -> a certificate and its key, as PEM."""


class Certificates:
    """Files of PEM for listeners; one that is there is used again, also after a restart.

    MiniStack forgets the key of an imported certificate when it ends: here it is kept.
    """

    def __init__(self, folder: Path, sign: Sign) -> None:
        self._folder = folder
        self._sign = sign
        self._usable: set[Path] = set()

    def file(self, record: Mapping[str, Any], address: str) -> str:
        """The file for a certificate of ACM's on a load balancer at `address`."""
        path = self._folder / file_name(record, address)
        if path not in self._usable:
            if not path.exists():
                self._write(path, record, address)
            self._usable.add(path)
        return str(path)

    def _write(self, path: Path, record: Mapping[str, Any], address: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(own_material(record))
        if not _loads(draft):
            # Asked for, not imported, or no certificate at all: one of our own authority's.
            draft.write_text("".join(self._sign(names(record), address)))
        draft.replace(path)


def own_material(record: Mapping[str, Any]) -> str:
    """Certificate, chain and key of an imported certificate; empty where there is no key."""
    if not record.get("_private_key"):
        return ""
    parts = (record.get(name) for name in ("_pem_body", "_pem_chain", "_private_key"))
    return "".join(f"{part.strip()}\n" for part in parts if part)


def names(record: Mapping[str, Any]) -> list[str]:
    """The names that a certificate is for, its first one first."""
    first = record.get("DomainName") or "localhost"
    return list(dict.fromkeys([first, *(record.get("SubjectAlternativeNames") or [])]))


def file_name(record: Mapping[str, Any], address: str) -> str:
    """Another one for another certificate, so that a new import is noticed."""
    parts = (record.get("CertificateArn"), record.get("_pem_body"), *names(record), address)
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()[:24] + ".pem"


def _loads(file: Path) -> bool:
    """Whether TLS can be served with it: one that can't would stop all listeners."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, password="")
    except (OSError, ValueError) as problem:
        if file.stat().st_size:
            log.warning("an imported certificate can't be served: %s", problem)
        return False
    return True
