# `terraform test` runs in the workspace `default`, so that the environment is called so here.

mock_provider "aws" {
  alias  = "replica"
  source = "../tests"
}

mock_provider "aws" {
  source = "../tests"
}

variables {
  environment = "default"
  project     = "shop"
  region      = "us-west-1"
  protected   = false
  image       = "123456789012.dkr.ecr.us-west-1.amazonaws.com/shop/orders@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

  service = {
    name         = "orders"
    port         = 8000
    cpu          = 256
    memory       = 512
    architecture = "x86_64"
    stop_timeout = 45
    env          = { GREETING = "Hello" }
    health       = { path = "/health", interval = 30, timeout = 5, healthy = 2, unhealthy = 2, grace = 30 }
    route        = { path = "/orders", host = "", priority = 100 }
    scale        = { min = 1, max = 4, cpu = 70, memory = 80, requests = 1000 }
    deploy       = { strategy = "rolling", minimum_healthy_percent = 100, maximum_percent = 200 }
  }
}

run "names_the_service" {
  command = plan

  variables {
    owner = "acme"
  }

  assert {
    condition     = !local.waits
    error_message = "a service that needs nothing first starts at once"
  }

  assert {
    condition     = data.aws_ssm_parameter.platform.name == "/acme-shop-default/platform"
    error_message = "the service finds its environment by name"
  }

  assert {
    condition     = output.service_name == "acme-shop-default-orders" && output.log_group == "/ecs/acme-shop-default-orders"
    error_message = "service and log group are called <owner>-<project>-<environment>-<service>"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this["app"].retention_in_days == 30
    error_message = "logs are kept for 30 days"
  }
}

run "opens_a_shell_for_developers" {
  command = plan

  assert {
    condition     = local.exec_statements[0].Action[*] == ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
    error_message = "ECS Exec's agent speaks with the task's role"
  }
}

run "opens_no_shell_in_a_protected_environment" {
  command = plan

  variables {
    protected = true
  }

  assert {
    condition     = !local.exec && length(local.exec_statements) == 0
    error_message = "who gets in there reads all that the service may read"
  }
}

run "answers_below_its_path" {
  command = plan

  assert {
    condition     = output.url == "http://mock.us-west-1.elb.amazonaws.com/orders"
    error_message = "the URL has the route's path"
  }

  assert {
    condition     = length(module.scaling) == 1 && output.cluster_name == "shop-default"
    error_message = "a platform that scales gives its services scaling policies"
  }
}

run "answers_at_the_root" {
  command = plan

  variables {
    service = merge(var.service, { route = { path = "/", host = "", priority = 1 } })
  }

  assert {
    condition     = output.url == "http://mock.us-west-1.elb.amazonaws.com"
    error_message = "the root route adds no path"
  }
}

run "answers_at_its_host" {
  command = plan

  variables {
    service = merge(var.service, { route = { path = "", host = "api.example.com", priority = 1 } })
  }

  assert {
    condition     = output.url == "http://api.example.com"
    error_message = "the URL is the host's"
  }
}

run "takes_the_longest_names" {
  command = plan

  variables {
    owner   = "twelve-chars"
    project = "sixteen-letters0"
    service = merge(var.service, { name = "a-service-of-24-letters0" })
  }

  assert {
    condition     = output.service_name == "twelve-chars-sixteen-letters0-default-a-service-of-24-letters0"
    error_message = "the longest names are taken"
  }
}

run "does_not_scale_where_the_platform_says_so" {
  command = plan

  override_data {
    target = data.aws_ssm_parameter.platform
    values = {
      insecure_value = <<-JSON
        {
          "schema_version": 1,
          "vpc_id": "vpc-1",
          "task_subnets": ["subnet-1"],
          "assign_public_ip": true,
          "listener_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2",
          "load_balancer_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188",
          "load_balancer_security_group_id": "sg-1",
          "cluster_arn": "arn:aws:ecs:us-west-1:123456789012:cluster/shop-default",
          "cluster_name": "shop-default",
          "scaling": false,
          "url": "http://mock.us-west-1.elb.amazonaws.com"
        }
      JSON
    }
  }

  assert {
    condition     = length(module.scaling) == 0
    error_message = "no scaling policies"
  }
}

run "refuses_another_contract" {
  command = plan

  override_data {
    target = data.aws_ssm_parameter.platform
    values = {
      insecure_value = "{\"schema_version\": 2}"
    }
  }

  expect_failures = [data.aws_ssm_parameter.platform]
}

run "refuses_what_is_no_contract" {
  command = plan

  override_data {
    target = data.aws_ssm_parameter.platform
    values = {
      insecure_value = "hello"
    }
  }

  expect_failures = [data.aws_ssm_parameter.platform]
}

run "refuses_another_environments_workspace" {
  command = plan

  variables {
    environment = "prod"
    image       = "shop/orders:latest"
    owner       = "thirteen-char"
    project     = "seventeen-letters"
    region      = "california"
  }

  expect_failures = [var.environment, var.image, var.owner, var.project, var.region]
}

run "refuses_a_database_that_the_environment_lacks" {
  command = plan

  variables {
    service = merge(var.service, { database = { enabled = true } })
  }

  expect_failures = [data.aws_ssm_parameter.platform]
}

run "refuses_a_cache_that_the_environment_lacks" {
  command = plan

  variables {
    service = merge(var.service, { cache = { enabled = true } })
  }

  expect_failures = [data.aws_ssm_parameter.platform]
}

run "refuses_a_copy_of_a_bucket_that_the_environment_lacks" {
  command = plan

  variables {
    service = merge(var.service, { buckets = { uploads = { replicate = true } } })
  }

  expect_failures = [data.aws_ssm_parameter.platform]
}
