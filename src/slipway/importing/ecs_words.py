"""Keys of ECS's definitions that become none here: why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SIDECAR = (
    "a task has one container here: let the service do what this one does, or make it a service"
)
ROLE = "permissions of a service's own are Terraform's: add them to its role in infra/service"
TAGS = "tags are those of Terraform's provider: add them in infra"
DOCKERFILE = "write it into services/NAME/Dockerfile"
VOLUME = "tasks have no volumes but /tmp: keep files in a bucket ([buckets.NAME])"
ANSWERED = "AWS's own note of a revision that is registered"
DONE = "AWS's own note of a service that runs"
NETWORK = "the platform's: tasks are in its private subnets, with its security groups"

TASK_GIVEN: Sequence[tuple[str, str, str]] = (
    ("family", "", "families are called after project, environment and service"),
    ("networkMode", "awsvpc", "so is every task"),
    ("requiresCompatibilities", "FARGATE", "so is every task"),
    ("executionRoleArn", "", "each service has a role of its own for this"),
    ("taskDefinitionArn", "", ANSWERED),
    ("revision", "", ANSWERED),
    ("status", "", ANSWERED),
    ("requiresAttributes", "", ANSWERED),
    ("compatibilities", "", ANSWERED),
    ("registeredAt", "", ANSWERED),
    ("registeredBy", "", ANSWERED),
)
"""Key, the only value that is meant ("": any), and why no key is needed."""

TASK_LEFT: Mapping[str, str] = {
    "networkMode": "tasks are in awsvpc here: each has an address of its own",
    "requiresCompatibilities": "tasks run on Fargate alone",
    "taskRoleArn": f"each service has a role of its own; {ROLE}",
    "volumes": VOLUME,
    "ephemeralStorage": "tasks have the 20 GB that Fargate gives",
    "runtimePlatform.operatingSystemFamily": "images are Debian's: no Windows",
    "placementConstraints": "Fargate places tasks by itself",
    "proxyConfiguration": "no App Mesh: services call each other by name (`needs`)",
    "pidMode": "processes are the container's own",
    "ipcMode": "processes are the container's own",
    "inferenceAccelerators": "Fargate has none",
    "tags": TAGS,
    "enableFaultInjection": "`invoke rehearse` makes things go wrong, on a machine of yours",
}

CONTAINER_GIVEN: Sequence[tuple[str, bool | None, str, str]] = (
    ("name", None, "the container is called app", ""),
    ("image", None, "Slipway builds it from services/NAME and names it by its content", ""),
    ("essential", True, "the only container is essential", "the only container is essential"),
    ("cpu", None, "the only container has all of the task's", ""),
    ("memory", None, "the only container has all of the task's", ""),
    ("memoryReservation", None, "the only container has all of the task's", ""),
    ("healthCheck", None, "the container asks itself by `health.path`", ""),
    (
        "readonlyRootFilesystem",
        True,
        "so it is, except for /tmp",
        "the root file system is read-only here, except for /tmp: write there",
    ),
    (
        "linuxParameters.initProcessEnabled",
        True,
        "so it is",
        "an init process runs here, so that no child is left over",
    ),
    ("privileged", False, "so it is", "Fargate has no privileged containers"),
    ("interactive", False, "so it is", "a service has no terminal: `invoke exec` opens one"),
    ("pseudoTerminal", False, "so it is", "a service has no terminal: `invoke exec` opens one"),
)
"""Key, the value that holds here as well (None: any), why no key is needed, what holds else."""

CONTAINER_LEFT: Mapping[str, str] = {
    "command": f"the image's own command runs: {DOCKERFILE}",
    "entryPoint": f"the image's own entry point runs: {DOCKERFILE}",
    "environmentFiles": "write their lines into [env]: no file is read from S3",
    "dependsOn": "there is one container, which waits for none",
    "mountPoints": VOLUME,
    "volumesFrom": VOLUME,
    "logConfiguration": "logs go to CloudWatch by awslogs, and nowhere else",
    "firelensConfiguration": "logs go to CloudWatch by awslogs, and nowhere else",
    "repositoryCredentials": "images come from the environment's own registry",
    "startTimeout": "a rollout waits `deploy.timeout` seconds in all",
    "user": "user 10001 is the image's",
    "workingDirectory": DOCKERFILE,
    "dockerLabels": f"a label is the image's: {DOCKERFILE}",
    "dockerSecurityOptions": "capabilities are dropped, all of them",
    "linuxParameters": "capabilities are dropped, all of them, and nothing is added",
    "ulimits": "they are Fargate's own here",
    "systemControls": "they are Fargate's own here",
    "extraHosts": "Fargate has none: use DNS",
    "links": "services call each other by name (`needs`)",
    "hostname": "Fargate names the host",
    "dnsServers": "names are resolved by the VPC",
    "dnsSearchDomains": "names are resolved by the VPC",
    "disableNetworking": "tasks are in awsvpc here",
    "resourceRequirements": "Fargate has no GPU",
    "restartPolicy": "ECS starts another task where one ends",
    "versionConsistency": "images are named by digest",
    "credentialSpecs": "they are for Windows",
}

SERVICE_GIVEN: Mapping[str, str] = {
    "serviceName": "services are called after project, environment and service",
    "cluster": "the environment's cluster",
    "clusterArn": DONE,
    "serviceArn": DONE,
    "status": DONE,
    "events": DONE,
    "deployments": DONE,
    "taskSets": DONE,
    "createdAt": DONE,
    "createdBy": DONE,
    "runningCount": DONE,
    "pendingCount": DONE,
    "platformFamily": DONE,
    "roleArn": "ECS's own role",
    "role": "ECS's own role",
    "taskDefinition": "a deploy registers and rolls out its own revision",
    "loadBalancers": "target groups and rules are the service stack's, by `route`",
    "networkConfiguration.awsvpcConfiguration.subnets": NETWORK,
    "networkConfiguration.awsvpcConfiguration.securityGroups": NETWORK,
    "platformVersion": "the latest",
    "serviceRegistries": "services find each other by the platform's names: see `needs`",
    "enableExecuteCommand": "on in every environment that is not protected",
    "enableECSManagedTags": "as infra/modules/service says",
    "propagateTags": "as infra/modules/service says",
    "availabilityZoneRebalancing": "as infra/modules/service says",
    "deploymentConfiguration.deploymentCircuitBreaker": "on, and it goes back",
}

SERVICE_LEFT: Mapping[str, str] = {
    "capacityProviderStrategy": "tasks run on Fargate, not on Fargate Spot or on instances",
    "launchType": "tasks run on Fargate alone",
    "schedulingStrategy": "a number of tasks runs (`scale`), not one on each instance",
    "placementConstraints": "Fargate places tasks by itself",
    "placementStrategy": "Fargate places tasks by itself",
    "serviceConnectConfiguration": "services call each other by name (`needs`)",
    "volumeConfigurations": VOLUME,
    "vpcLatticeConfigurations": "requests come from the load balancer",
    "deploymentConfiguration.alarms": "alarms of your own take nothing back: the service's own do "
    "([alarms], `deploy.bake`)",
    "deploymentConfiguration.lifecycleHooks": "hooks are CodeDeploy's here: [deploy.hooks]",
    "deploymentController": "a rollout is ECS's or CodeDeploy's",
    "networkConfiguration.awsvpcConfiguration.assignPublicIp": "tasks are in private subnets and "
    "reach the internet by the platform's NAT, if it has one (docs/infrastructure.md)",
    "tags": TAGS,
}
