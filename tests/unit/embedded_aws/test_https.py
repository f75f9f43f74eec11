"""HTTPS listeners: which certificate they show, and where redirects lead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from embedded_aws.loadbalancer.certificates import Certificates, file_name, names, own_material
from embedded_aws.loadbalancer.haproxy_config import Listener, render
from embedded_aws.loadbalancer.listeners import Place

ASKED = {"CertificateArn": "arn:asked", "DomainName": "a.example", "_pem_body": "synthetic"}
PLAIN = Place("lb", 80, "127.0.1.1", 20080, shift=20000)
SECURE = Place("lb", 443, "127.0.1.1", 20443, shift=20000, certificate="/run/my certs/a.pem")


def rendered(place: Place, **redirect: str) -> str:
    action = {"Type": "redirect", "RedirectConfig": redirect}
    return render("/run/h.sock", [Listener(place=place, rules=[{"Actions": [action]}])], {})


def test_a_secure_listener_serves_tls() -> None:
    """With its file, and tells targets so."""
    text = rendered(SECURE)
    assert 'bind 127.0.1.1:20443 ssl crt "/run/my certs/a.pem" ssl-min-ver TLSv1.2' in text
    assert "X-Forwarded-Proto https" in text
    assert "ssl" not in rendered(PLAIN)


@pytest.mark.parametrize(
    ("place", "redirect", "location"),
    [
        (PLAIN, {"Protocol": "HTTPS", "Port": "443"}, "https://%[req.hdr(host),field(1,:)]:20443"),
        (SECURE, {}, "https://%[req.hdr(host),field(1,:)]:20443%[path]"),
        (PLAIN, {"Protocol": "HTTPS", "Port": "443", "Host": "a.b"}, "https://a.b:443%[path]"),
        (PLAIN._replace(shift=0), {"Port": "443"}, "http://%[req.hdr(host),field(1,:)]:443%[path]"),
    ],
)
def test_redirects_lead_to_ports_that_answer(
    place: Place, redirect: dict[str, str], location: str
) -> None:
    """Shifted ports are for this load balancer alone, not for other hosts."""
    assert f"redirect location {location}" in rendered(place, **redirect)


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ("https://127.0.1.1:443/a?b=c", "https://127.0.1.1:20443/a?b=c"),
        ("https://127.0.1.1:8443/", "https://127.0.1.1:8443/"),
        ("https://a.b:443/", "https://a.b:443/"),
        ("https://127.0.1.1/", "https://127.0.1.1/"),
    ],
)
def test_redirects_of_the_process_itself_do_as_well(location: str, seen: str) -> None:
    """Only low ports of the same host are moved."""
    assert PLAIN.seen_location(location, "127.0.1.1:20080") == seen
    assert PLAIN._replace(shift=0).seen_location(location, "127.0.1.1") == location


class Signed:
    """An authority that notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def __call__(self, names: Any, address: str) -> tuple[str, str]:
        self.asked.append((list(names), address))
        return "certificate\n", "key\n"


def test_a_certificate_without_a_key_is_signed_here(tmp_path: Path) -> None:
    """Once: the file is used again, also by the next instance. Only its user may read it."""
    sign = Signed()
    file = Path(Certificates(tmp_path / "c", sign).file(ASKED, "127.0.1.1"))
    assert file.read_text() == "certificate\nkey\n"
    assert file.stat().st_mode & 0o077 == 0
    assert Certificates(tmp_path / "c", sign).file(ASKED, "127.0.1.1") == str(file)
    assert sign.asked == [(["a.example"], "127.0.1.1")]


def test_what_was_imported_and_is_no_certificate_is_replaced(tmp_path: Path) -> None:
    """It would keep the proxy from serving all the others."""
    sign = Signed()
    record = {**ASKED, "_private_key": "nonsense"}
    Certificates(tmp_path, sign).file(record, "127.0.1.1")
    assert len(sign.asked) == 1


def test_own_material_has_the_certificate_its_chain_and_its_key() -> None:
    """In this order; without a key there is none to serve."""
    record = {"_pem_body": "body", "_pem_chain": "chain\n", "_private_key": "key"}
    assert own_material(record) == "body\nchain\nkey\n"
    assert own_material({**record, "_private_key": ""}) == ""


def test_a_new_import_has_a_new_name() -> None:
    """So that the listener is told; each load balancer's own address is in the certificate."""
    same = file_name(ASKED, "127.0.1.1")
    assert same != file_name({**ASKED, "_pem_body": "other"}, "127.0.1.1")
    assert same != file_name(ASKED, "127.0.1.2")
    assert same == file_name({**ASKED, "_private_key": ""}, "127.0.1.1")


def test_names_of_a_certificate() -> None:
    """Its own first, each once; a listener without a certificate has one for this machine."""
    record = {"DomainName": "b", "SubjectAlternativeNames": ["a", "b"]}
    assert names(record) == ["b", "a"]
    assert names({}) == ["localhost"]
