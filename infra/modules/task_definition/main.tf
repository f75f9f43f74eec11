locals {
  # No curl in a slim image, and no shell needed. urlopen raises on 4xx and 5xx, which exits with 1.
  probe = join("; ", [
    "from urllib.request import urlopen",
    "urlopen('http://127.0.0.1:${var.port}${var.health.path}', timeout=${var.health.timeout})",
  ])
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

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "app"
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    stopTimeout            = var.stop_timeout

    portMappings = [{ containerPort = var.port, hostPort = var.port, protocol = "tcp" }]
    mountPoints  = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    environment  = [for name, value in var.env : { name = name, value = value }]

    healthCheck = {
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
        awslogs-stream-prefix = "app"
      }
    }
  }])
}
