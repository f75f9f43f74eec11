locals {
  serves = var.port != null

  # No curl in a slim image, and no shell needed. urlopen raises on 4xx and 5xx, which exits with 1.
  probe = !local.serves ? "" : join("; ", [
    "from urllib.request import urlopen",
    "urlopen('http://127.0.0.1:${var.port}${var.health.path}', timeout=${var.health.timeout})",
  ])

  # The root file system is read-only, and the agent that ECS Exec puts beside the app has to write.
  # AWS documents no such pair; https://github.com/aws/containers-roadmap/issues/1359 names the folders.
  volumes = merge({ tmp = "/tmp" }, !var.exec ? {} : {
    managed-agents = "/managed-agents"
    ssm-data       = "/var/lib/amazon/ssm"
    ssm-log        = "/var/log/amazon/ssm"
  })

  # Keys that a task doesn't need are left out: ECS would not give them back empty.
  container = { for key, value in {
    name                   = "app"
    image                  = var.image
    command                = length(var.command) == 0 ? null : var.command
    essential              = true
    readonlyRootFilesystem = true
    stopTimeout            = var.stop_timeout

    portMappings = !local.serves ? null : [{ containerPort = var.port, hostPort = var.port, protocol = "tcp" }]
    mountPoints  = [for name, path in local.volumes : { sourceVolume = name, containerPath = path, readOnly = false }]
    environment  = [for name, value in var.env : { name = name, value = value }]
    secrets      = length(var.secrets) == 0 ? null : [for name, place in var.secrets : { name = name, valueFrom = place }]

    dockerLabels = length(var.labels) == 0 ? null : var.labels

    healthCheck = !local.serves ? null : {
      command     = ["CMD", "python3", "-c", local.probe]
      interval    = var.health.interval
      timeout     = var.health.timeout
      retries     = var.health.unhealthy
      startPeriod = var.health.grace
    }

    linuxParameters = {
      initProcessEnabled = true
      capabilities       = { drop = ["ALL"] }
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.log_group
        awslogs-region        = var.region
        awslogs-stream-prefix = var.log_prefix
      }
    }
  } : key => value if value != null }
}

# This revision is a template: it says everything but which image runs. A rollout copies the latest
# template, swaps the image and registers a revision of its own, so Terraform must neither follow the
# newest revision nor take an old one away that a rollback may need.
resource "aws_ecs_task_definition" "this" {
  family                   = var.family
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = var.task_role_arn
  skip_destroy             = true
  track_latest             = false

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }

  dynamic "volume" {
    for_each = local.volumes

    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([local.container])

  lifecycle {
    # On SIGTERM a service serves on for 5 s, finishes its requests, closes for 5, and is then killed.
    precondition {
      condition     = !local.serves || var.stop_timeout >= 5 + var.drain + 5 + 5
      error_message = "stop_timeout: ${var.stop_timeout} s is less than 5 to serve on + ${var.drain} to drain + 5 to close + 5 to spare."
    }
  }
}
