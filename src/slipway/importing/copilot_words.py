"""Keys of Copilot's manifests that become none here: why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

ROLE = "permissions of a service's own are Terraform's: add them in infra/service"
CONTAINER = "a task has one container here"
VOLUME = "tasks have no volumes but /tmp: keep files in a bucket ([buckets.NAME])"
ZONE = "your DNS points the name to the load balancer (docs/infrastructure.md)"
DOCKERFILE = "write it into services/NAME/Dockerfile"

GIVEN: Mapping[str, str] = {
    "image.healthcheck": "the container asks itself by `health.path`",
    "exec": "`invoke exec` opens a shell in every environment that is not protected",
    "http.redirect_to_https": "so it is where the environment has a certificate",
    "http.hosted_zone": ZONE,
    "network.connect": "services find each other by the platform's names: see `needs`",
    "network.vpc.placement": "tasks are in the platform's private subnets",
}

LEFT: Mapping[str, str] = {
    "command": f"the image's own command runs: {DOCKERFILE}",
    "entrypoint": f"the image's own entry point runs: {DOCKERFILE}",
    "image.build": "Slipway builds services/NAME/Dockerfile, in the stages builder, test and "
    "runtime: bring it into that form (docs/images.md)",
    "image.location": "Slipway builds its images from services/NAME (docs/images.md)",
    "image.credentials": "images come from the environment's own registry",
    "image.depends_on": CONTAINER,
    "image.labels": f"a label is the image's: {DOCKERFILE}",
    "sidecars": f"{CONTAINER}: let the service do it, or make it a service of its own",
    "storage.volumes": VOLUME,
    "storage.ephemeral": "tasks have the 20 GB that Fargate gives",
    "network.vpc.security_groups": "the platform's security groups are the tasks': add rules there",
    "network.vpc.placement.subnets": "tasks are in the platform's private subnets",
    "logging": "logs go to CloudWatch by awslogs, kept as long as the environment says",
    "observability": "no traces are collected: logs, metrics and alarms are (docs/day-two.md)",
    "publish": f"topics are Terraform's: make them in infra, and hand over ARNs by [env]; {ROLE}",
    "subscribe": f"queues are Terraform's: make them in infra, and hand over URLs by [env]; {ROLE}",
    "taskdef_overrides": "the task definition is infra/modules/task_definition: change it there",
    "variables": "write a value yourself: an export of CloudFormation is read by nothing here",
    "permissions": ROLE,
}

JOB: Mapping[str, str] = {
    "retries": "a run that fails stays failed: let the command try again, or `invoke jobs.run`",
    "timeout": "a run ends when its command does: let that watch the time",
}

SERVICE: Mapping[str, str] = {
    "http.target_container": f"{CONTAINER}, and requests go to it",
    "http.targetContainer": f"{CONTAINER}, and requests go to it",
    "http.stickiness": "requests go to any task: keep sessions in [cache]",
    "http.allowed_source_ips": "addresses are refused by the platform's firewall "
    "(docs/infrastructure.md), for all services",
    "http.deregistration_delay": "30 seconds everywhere, as long as a request may take",
    "http.version": "requests reach tasks by HTTP/1.1",
    "http.additional_rules": "a service has one route: make the others services of their own",
    "http.healthcheck.port": "health checks go to the service's own port",
    "http.healthcheck.success_codes": "200 is what counts: answer with it",
    "nlb": "services are behind an application load balancer",
    "cloudfront": "no CDN is made here: put one before the load balancer",
    "count.cooldown": "scaling waits 2 minutes for a task more and 5 for one less",
    "count.cpu_percentage.cooldown": "scaling waits 2 minutes for a task more and 5 for one less",
    "count.memory_percentage.cooldown": "scaling waits as long everywhere",
    "count.requests.cooldown": "scaling waits 2 minutes for a task more and 5 for one less",
    "count.response_time": "scaling goes by CPU, memory and requests; `alarms.latency` warns",
    "count.queue_delay": "scaling goes by CPU, memory and requests, not by a queue",
    "deployment.rollback_alarms": "alarms of your own take nothing back: the service's own do "
    "([alarms], `deploy.bake`)",
}
