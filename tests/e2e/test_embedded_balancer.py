"""The embedded AWS's load balancers: HTTPS and metrics, by HAProxy and by the process itself."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
        if self.path.startswith("/slow"):
            time.sleep(0.5)
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

    @property
    def dimensions(self) -> list[dict[str, str]]:
        """Of the target group behind this load balancer, as AWS names both."""
        return [
            {"Name": "LoadBalancer", "Value": self.balancer.partition("loadbalancer/")[2]},
            {"Name": "TargetGroup", "Value": self.group.rpartition(":")[2]},
        ]

    def seen(self, name: str, statistic: str, dimensions: list[dict[str, str]]) -> float:
        """A metric over the last minutes: a sum, the newest for others; 0 where it isn't there."""
        now = datetime.now(UTC)
        which = "ExtendedStatistics" if statistic.startswith("p") else "Statistics"
        found = self.embedded.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=name,
            Dimensions=dimensions,
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            **{which: [statistic]},
        )["Datapoints"]
        values = [one.get(statistic, one.get(which, {}).get(statistic)) for one in found]
        return float(sum(value for value in values if value is not None))

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection(self.host, 8080, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    @contextmanager
    def asked(self, path: str) -> Iterator[None]:
        """Ask all the time meanwhile."""
        over = threading.Event()

        def ask() -> None:
            while not over.wait(0.05):
                self.get(path)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

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


def test_requests_are_counted(shop: Shop) -> None:
    """By code, for the load balancer and for the target group, with percentiles of the time."""
    balancer = shop.dimensions[:1]
    # What was asked before has been published then.
    time.sleep(3)
    before = shop.seen("RequestCount", "Sum", shop.dimensions)
    asked = ["/200"] * 6 + ["/404"] * 3 + ["/slow/500"]
    assert [shop.get(path) for path in asked] == [200] * 6 + [404] * 3 + [500]
    wait_for("all", lambda: shop.seen("RequestCount", "Sum", shop.dimensions) == before + 10)
    assert shop.seen("RequestCount", "Sum", balancer) == before + 10
    assert shop.seen("RequestCountPerTarget", "Sum", shop.dimensions[1:]) >= 10
    for where in (balancer, shop.dimensions):
        assert shop.seen("HTTPCode_Target_2XX_Count", "Sum", where) >= 6
        assert shop.seen("HTTPCode_Target_4XX_Count", "Sum", where) == 3
        assert shop.seen("HTTPCode_Target_5XX_Count", "Sum", where) == 1
        # Between two values a percentile is somewhere on the way: few requests make it a rough one.
        assert 0.3 < shop.seen("TargetResponseTime", "p99", where) < 2
        assert 0 < shop.seen("TargetResponseTime", "p50", where) < 0.4
    assert shop.seen("HealthyHostCount", "Maximum", shop.dimensions) == 1
    assert shop.seen("HTTPCode_ELB_5XX_Count", "Sum", balancer) == 0


def test_what_the_load_balancer_answers_itself_is_counted_apart(shop: Shop) -> None:
    """No target had a part in it."""
    empty = shop.elb.create_target_group(
        Name="empty", Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    listener = shop.listen(8082, {"Type": "forward", "TargetGroupArn": empty})
    wait_for(
        "a 503", lambda: shop.curl(f"http://{shop.host}:8082/", "-w", "%{http_code}")[-3:] == "503"
    )
    wait_for("it", lambda: shop.seen("HTTPCode_ELB_5XX_Count", "Sum", shop.dimensions[:1]) >= 1)
    shop.elb.delete_listener(ListenerArn=listener)


def test_errors_make_an_alarm(shop: Shop) -> None:
    """By metric math over two metrics, as an environment's own alarms have it."""
    watch = shop.embedded.client("cloudwatch")

    def query(name: str, metric: str) -> dict[str, Any]:
        found = {"Namespace": "AWS/ApplicationELB", "MetricName": metric}
        stat = {"Metric": {**found, "Dimensions": shop.dimensions}, "Period": 300, "Stat": "Sum"}
        return {"Id": name, "MetricStat": stat, "ReturnData": False}

    share = {"Id": "share", "Expression": "100 * FILL(errors, 0) / requests", "ReturnData": True}
    watch.put_metric_alarm(
        AlarmName="errors",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=50,
        TreatMissingData="notBreaching",
        Metrics=[
            share,
            query("errors", "HTTPCode_Target_5XX_Count"),
            query("requests", "RequestCount"),
        ],
    )

    def state() -> str:
        found = watch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
        return str(found["StateValue"])

    with shop.asked("/200"):
        wait_for("peace", lambda: state() == "OK")
    with shop.asked("/500"):
        wait_for("an alarm", lambda: state() == "ALARM")
    with shop.asked("/200"):
        wait_for("peace again", lambda: state() == "OK")


def test_a_state_that_was_set_lasts_until_the_next_minute(shop: Shop) -> None:
    """So that who looks now and then sees it; then the metric has the last word."""
    watch = shop.embedded.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="by-hand",
        Namespace="Nothing",
        MetricName="Writes",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def state() -> str:
        found = watch.describe_alarms(AlarmNames=["by-hand"])["MetricAlarms"][0]
        return str(found["StateValue"])

    # The clock's minute takes two seconds. Alarms are judged as often, at any moment of these.
    for _ in range(4):
        watch.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a test")
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            assert state() == "ALARM"
            time.sleep(0.1)
        wait_for("the metric's word", lambda: state() == "OK")


def test_requests_scale_a_service(shop: Shop) -> None:
    """Target tracking by requests per target, which nobody else publishes."""
    ecs, scaling = shop.embedded.client("ecs"), shop.embedded.client("application-autoscaling")
    ecs.create_cluster(clusterName="shop")
    # No such image: what scales is the count that is wanted.
    definition = ecs.register_task_definition(
        family="shop", containerDefinitions=[{"name": "app", "image": "127.0.0.1:1/none:none"}]
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster="shop", serviceName="shop", taskDefinition=definition, desiredCount=1
    )
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/shop/shop",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    label = "/".join(one["Value"] for one in shop.dimensions)
    tracked = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    scaling.put_scaling_policy(
        **target,
        PolicyName="requests",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 3,
            "PredefinedMetricSpecification": tracked,
        },
    )

    def wanted() -> int:
        found = ecs.describe_services(cluster="shop", services=["shop"])["services"][0]
        return int(found["desiredCount"])

    with shop.asked("/200"):
        wait_for("two tasks that are wanted", lambda: wanted() == 2)
    ecs.delete_service(cluster="shop", service="shop", force=True)
