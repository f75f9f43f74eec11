"""The authority that signs the certificates of databases and caches, kept with the state."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

from embedded_aws.saver import replace


class Authority:
    """Made on first use; clients that verify trust its one certificate, as they would AWS's."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def pair(self) -> tuple[str, str]:
        """The certificate and key of the authority, as PEM."""
        from ministack.core.x509_utils import generate_ca

        with self._lock:
            if not self._file.exists():
                name = "Amazon RDS Root CA RSA2048 G1 of an embedded AWS"
                replace(self._file, json.dumps(generate_ca("Embedded AWS", name)))
            certificate, key = json.loads(self._file.read_text())
            return certificate, key

    def server(self, names: Sequence[str], address: str) -> tuple[str, str]:
        """A certificate and key for a server with these names and this address, as PEM."""
        from ministack.core.x509_utils import sign_leaf_certificate

        certificate, key = self.pair()
        signed, own, _ = sign_leaf_certificate(
            certificate,
            key,
            common_name=names[0],
            san_dns=[*names, "localhost"],
            san_ips=[address, "127.0.0.1"],
        )
        return signed, own
