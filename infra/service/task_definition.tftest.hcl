mock_provider "aws" {
  source = "../tests"
}

variables {
  family             = "shop-dev-orders"
  image              = "123456789012.dkr.ecr.us-west-1.amazonaws.com/shop/orders@sha256:0123"
  cpu                = 256
  memory             = 512
  architecture       = "arm64"
  port               = 8000
  env                = { PORT = "8000", GREETING = "Hello" }
  health             = { path = "/health", interval = 30, timeout = 5, healthy = 2, unhealthy = 3, grace = 40 }
  stop_timeout       = 50
  log_group          = "/ecs/shop-dev-orders"
  region             = "us-west-1"
  execution_role_arn = "arn:aws:iam::123456789012:role/execution"
  task_role_arn      = "arn:aws:iam::123456789012:role/task"
}

run "is_as_designed" {
  module {
    source = "../modules/task_definition"
  }

  command = plan

  assert {
    condition = jsondecode(aws_ecs_task_definition.this.container_definitions) == [{
      name                   = "app"
      image                  = "123456789012.dkr.ecr.us-west-1.amazonaws.com/shop/orders@sha256:0123"
      essential              = true
      readonlyRootFilesystem = true
      stopTimeout            = 50
      portMappings           = [{ containerPort = 8000, hostPort = 8000, protocol = "tcp" }]
      mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
      environment            = [{ name = "GREETING", value = "Hello" }, { name = "PORT", value = "8000" }]
      healthCheck = {
        command = [
          "CMD", "python3", "-c",
          "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=5)",
        ]
        interval    = 30
        timeout     = 5
        retries     = 3
        startPeriod = 40
      }
      linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = "/ecs/shop-dev-orders"
          awslogs-region        = "us-west-1"
          awslogs-stream-prefix = "app"
        }
      }
    }]
    error_message = "the container is not as designed"
  }

  assert {
    condition = alltrue([
      aws_ecs_task_definition.this.network_mode == "awsvpc",
      aws_ecs_task_definition.this.requires_compatibilities == toset(["FARGATE"]),
      aws_ecs_task_definition.this.runtime_platform[0].cpu_architecture == "ARM64",
      aws_ecs_task_definition.this.runtime_platform[0].operating_system_family == "LINUX",
    ])
    error_message = "a Fargate task on the architecture of its image"
  }

  assert {
    condition     = aws_ecs_task_definition.this.skip_destroy && !aws_ecs_task_definition.this.track_latest
    error_message = "a template is neither taken away nor confused with what rollouts registered"
  }
}

run "lets_the_agent_of_ecs_exec_write" {
  module {
    source = "../modules/task_definition"
  }

  command = plan

  variables {
    exec = true
  }

  assert {
    condition = {
      for point in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].mountPoints :
      point.containerPath => point.readOnly
      } == {
      "/managed-agents"     = false
      "/tmp"                = false
      "/var/lib/amazon/ssm" = false
      "/var/log/amazon/ssm" = false
    }
    error_message = "the agent starts only where it can write to its folders"
  }

  assert {
    condition = toset(aws_ecs_task_definition.this.volume[*].name) == toset([
      for point in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].mountPoints : point.sourceVolume
    ])
    error_message = "each of them is a volume of the task's own"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "all else stays read-only"
  }
}

run "reads_secrets_and_runs_once" {
  module {
    source = "../modules/task_definition"
  }

  command = plan

  variables {
    port    = null
    health  = null
    command = ["python", "-m", "orders.migrate"]
    secrets = { STRIPE_KEY = "arn:aws:secretsmanager:us-west-1:123456789012:secret:stripe-AbCdEf" }
    labels  = { "slipway.jobs" = "{}" }
  }

  assert {
    condition = alltrue([
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].dockerLabels == { "slipway.jobs" = "{}" },
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets == [{ name = "STRIPE_KEY", valueFrom = "arn:aws:secretsmanager:us-west-1:123456789012:secret:stripe-AbCdEf" }],
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].command == ["python", "-m", "orders.migrate"],
      !can(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].portMappings),
      !can(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].healthCheck),
    ])
    error_message = "a task that serves nobody has neither a port nor a health check"
  }
}

run "refuses_to_be_killed_before_it_has_drained" {
  module {
    source = "../modules/task_definition"
  }

  command = plan

  variables {
    drain = 36
  }

  expect_failures = [aws_ecs_task_definition.this]
}

run "refuses_a_timeout_that_fargate_cuts" {
  module {
    source = "../modules/task_definition"
  }

  command = plan

  variables {
    stop_timeout = 121
  }

  expect_failures = [var.stop_timeout]
}
