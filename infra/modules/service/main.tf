locals {
  rolling     = var.serves && var.controller == "ECS"
  codedeploy  = var.serves && var.controller == "CODE_DEPLOY"
  former_port = !var.serves || var.former_port == null ? false : var.former_port != var.port

  # Besides its own, the group that lets it in where it calls.
  security_groups = compact([aws_security_group.this.id, var.calls ? var.callers_security_group_id : null])
}

# --- Who may connect ---------------------------------------------------------------------------

resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5:worn by the tasks of the service or of its jobs, by a list that the checker can't follow
  name        = "${var.name}-tasks"
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  count = var.serves ? 1 : 0

  security_group_id            = aws_security_group.this.id
  description                  = "Load balancer to the service's port"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port

  # Opened under its second rule before this one moves on.
  depends_on = [aws_vpc_security_group_ingress_rule.former_port]
}

moved {
  from = aws_vpc_security_group_ingress_rule.load_balancer
  to   = aws_vpc_security_group_ingress_rule.load_balancer[0]
}

# While a new port rolls out, the tasks of the old one still serve.
resource "aws_vpc_security_group_ingress_rule" "former_port" {
  count = local.former_port ? 1 : 0

  security_group_id            = aws_security_group.this.id
  description                  = "Load balancer to the port that the service had before"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.former_port
  to_port                      = var.former_port
}

# Other services: only where one needs this, and only those that need one.
resource "aws_vpc_security_group_ingress_rule" "callers" {
  for_each = toset(var.serves && var.called && var.callers_security_group_id != null ? compact([tostring(var.port), local.former_port ? tostring(var.former_port) : ""]) : [])

  security_group_id            = aws_security_group.this.id
  description                  = "Other services to port ${each.value}"
  referenced_security_group_id = var.callers_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = tonumber(each.value)
  to_port                      = tonumber(each.value)
}

# The registry, the logs and whatever the service calls. DNS goes to the VPC's resolver, which no
# security group holds back.
resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.this.id
  description       = "TCP to anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
}

# --- Its name -----------------------------------------------------------------------------------

# ECS enters each task that runs, and says by the container's health check whether it is healthy.
resource "aws_service_discovery_service" "this" {
  count = !var.serves || var.namespace_id == null ? 0 : 1

  name        = var.short_name
  description = "Tasks of ${var.name}"

  dns_config {
    namespace_id   = var.namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  health_check_custom_config {
    failure_threshold = 1
  }

  # ECS takes the last tasks out a while after the service is gone.
  force_destroy = true
}

# --- Service: one of two ------------------------------------------------------------------------
#
# What Terraform ignores must be written out, and under CodeDeploy it has to ignore more. Hence two
# resources that say almost the same; of every service that serves exactly one exists.

resource "aws_ecs_service" "rolling" {
  count = local.rolling ? 1 : 0

  name                               = var.name
  cluster                            = var.cluster_arn
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  task_definition                    = var.task_definition_arn
  desired_count                      = var.desired_count
  deployment_minimum_healthy_percent = var.minimum_healthy_percent
  deployment_maximum_percent         = var.maximum_percent
  enable_execute_command             = var.exec
  health_check_grace_period_seconds  = var.grace
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  # Moves tasks when one zone has too many; it starts before it stops, which needs room above 100 %.
  availability_zone_rebalancing = var.maximum_percent > 100 ? "ENABLED" : "DISABLED"

  # Whoever rolls out watches, and says what came of it: Terraform would only say that it waited.
  wait_for_steady_state = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "alarms" {
    for_each = length(var.alarm_names) == 0 ? [] : [var.alarm_names]

    content {
      alarm_names = alarms.value
      enable      = true
      rollback    = true
    }
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = var.container_name
    container_port   = var.port
  }

  network_configuration {
    subnets          = var.subnets
    security_groups  = local.security_groups
    assign_public_ip = var.assign_public_ip
  }

  dynamic "service_registries" {
    for_each = aws_service_discovery_service.this

    content {
      registry_arn = service_registries.value.arn
    }
  }

  lifecycle {
    ignore_changes = [desired_count, load_balancer, task_definition]
  }

  # Tasks that start before the group lets them out fail to pull their image.
  depends_on = [
    aws_vpc_security_group_egress_rule.out,
    aws_vpc_security_group_ingress_rule.load_balancer,
  ]
}

moved {
  from = aws_ecs_service.this
  to   = aws_ecs_service.rolling[0]
}

resource "aws_ecs_service" "codedeploy" {
  count = local.codedeploy ? 1 : 0

  name                              = var.name
  cluster                           = var.cluster_arn
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  task_definition                   = var.task_definition_arn
  desired_count                     = var.desired_count
  enable_execute_command            = var.exec
  health_check_grace_period_seconds = var.grace
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"
  wait_for_steady_state             = false

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = var.container_name
    container_port   = var.port
  }

  network_configuration {
    subnets          = var.subnets
    security_groups  = local.security_groups
    assign_public_ip = var.assign_public_ip
  }

  dynamic "service_registries" {
    for_each = aws_service_discovery_service.this

    content {
      registry_arn = service_registries.value.arn
    }
  }

  lifecycle {
    # ECS refuses to change network and platform of such a service: they travel with each deployment.
    # What its API lists as changeable here lacks ECS Exec and service registries.
    ignore_changes = [
      desired_count,
      enable_execute_command,
      load_balancer,
      network_configuration,
      platform_version,
      service_registries,
      task_definition,
    ]
  }

  depends_on = [
    aws_vpc_security_group_egress_rule.out,
    aws_vpc_security_group_ingress_rule.load_balancer,
  ]
}
