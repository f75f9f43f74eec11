"""The embedded AWS's load balancers: HTTPS, by HAProxy and by the process itself."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.embedded import Embedded, free_port, wait_for

pytestmark = pytest.mark.e2e


class Handler(BaseHTTPRequestHandler):
    """Answers the code that the path ends with, and says which protocol the client used."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        last = self.path.partition("?")[0].rpartition("/")[2]
        body = self.headers.get("X-Forwarded-Proto", "").encode()
        self.send_response(int(last) if last.isdigit() else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Shop:
    """A load balancer with one target, a server of this test's."""

    embedded: Embedded
    balancer: str
    host: str
    group: str
    folder: Path

    @property
    def elb(self) -> Any:
        return self.embedded.client("elbv2")

    def listen(self, port: int, action: dict[str, Any], **more: Any) -> str:
        made = self.elb.create_listener(
            LoadBalancerArn=self.balancer,
            **{"Protocol": "HTTP", "Port": port, "DefaultActions": [action], **more},
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def listen_securely(self, port: int, certificate: str) -> str:
        certificates = [{"CertificateArn": certificate}]
        return self.listen(port, self.forward, Protocol="HTTPS", Certificates=certificates)

    @property
    def forward(self) -> dict[str, Any]:
        return {"Type": "forward", "TargetGroupArn": self.group}

    def healthy(self) -> None:
        def seen() -> bool:
            found = self.elb.describe_target_health(TargetGroupArn=self.group)
            states = [one["TargetHealth"]["State"] for one in found["TargetHealthDescriptions"]]
            return states == ["healthy"]

        wait_for("a healthy target", seen)

    def curl(self, url: str, *more: str) -> str:
        """What it prints; empty where there was no connection."""
        argv = ["curl", "-sS", "--noproxy", "*", "--max-time", "10", *more, url]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module", params=["haproxy", "builtin"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """One healthy target; a minute takes two seconds."""
    folder = tmp_path_factory.mktemp("shop")
    embedded = Embedded.make(folder)
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_FORWARDER", request.param)
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", "2")
        try:
            embedded.up()
            yield open_shop(embedded, server.server_address[1], folder)
        finally:
            embedded.reset()
            server.shutdown()
            server.server_close()


def open_shop(embedded: Embedded, port: int, folder: Path) -> Shop:
    elb = embedded.client("elbv2")
    made = elb.create_load_balancer(Name="shop", Subnets=["subnet-1", "subnet-2"])
    balancer = made["LoadBalancers"][0]
    group = elb.create_target_group(
        Name="app",
        Protocol="HTTP",
        Port=port,
        VpcId="vpc-1",
        TargetType="ip",
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=4,
        HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": port}])
    host = balancer["DNSName"].partition(":")[0]
    shop = Shop(embedded, balancer["LoadBalancerArn"], host, group, folder)
    redirect = {"Protocol": "HTTPS", "Port": "8443", "StatusCode": "HTTP_301"}
    shop.listen(8081, {"Type": "redirect", "RedirectConfig": redirect})
    shop.listen(8080, shop.forward)
    shop.healthy()
    return shop


def imported(shop: Shop, name: str) -> tuple[str, str]:
    """ARN and PEM of a certificate for `name` that was made here."""
    key, certificate = shop.folder / f"{name}.key", shop.folder / f"{name}.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    argv += ["-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}"]
    subprocess.run(argv, check=True, capture_output=True)
    made = shop.embedded.client("acm").import_certificate(
        Certificate=certificate.read_bytes(), PrivateKey=key.read_bytes()
    )
    return made["CertificateArn"], certificate.read_text()


def shown(shop: Shop, port: int) -> str:
    """The certificate that a listener shows to a client that sends no name."""
    try:
        return ssl.get_server_certificate((shop.host, port), timeout=5)
    except OSError:
        return ""


def test_a_certificate_that_was_asked_for_is_signed_here(shop: Shop) -> None:
    """Clients that don't verify get in; one that speaks plain HTTP is sent there."""
    acm = shop.embedded.client("acm")
    certificate = acm.request_certificate(DomainName="shop.example.com")["CertificateArn"]
    listener = shop.listen_securely(8443, certificate)
    wait_for("TLS", lambda: shown(shop, 8443))
    assert shop.curl(f"https://{shop.host}:8443/", "-k") == "https"
    assert shop.curl(f"http://{shop.host}:8081/a?b=c", "-k", "-L") == "https"
    where = shop.curl(
        f"http://{shop.host}:8081/a?b=c", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"
    )
    assert where == f"301 https://{shop.host}:8443/a?b=c"
    shop.elb.delete_listener(ListenerArn=listener)


def test_an_imported_certificate_is_shown_as_it_is(shop: Shop) -> None:
    """Also another one that takes its place, and again after a restart."""
    first, pem = imported(shop, "first.example.com")
    listener = shop.listen_securely(8444, first)
    wait_for("the first certificate", lambda: shown(shop, 8444) == pem)
    second, other = imported(shop, "second.example.com")
    shop.elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": second}])
    wait_for("the second certificate", lambda: shown(shop, 8444) == other)
    shop.embedded.down()
    shop.embedded.up()
    wait_for("the second certificate again", lambda: shown(shop, 8444) == other)
    shop.healthy()
    assert shop.curl(f"https://{shop.host}:8444/", "-k") == "https"
