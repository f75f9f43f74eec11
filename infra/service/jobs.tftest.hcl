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

# A platform with all that a service may ask for.
override_data {
  target = data.aws_ssm_parameter.platform
  values = {
    insecure_value = <<-JSON
      {
        "schema_version": 1,
        "vpc_id": "vpc-1",
        "task_subnets": ["subnet-3", "subnet-4"],
        "assign_public_ip": false,
        "listener_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2",
        "test_port": 8443,
        "test_url": "https://mock.us-west-1.elb.amazonaws.com:8443",
        "test_listener_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/0000000000000000",
        "load_balancer_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188",
        "load_balancer_security_group_id": "sg-1",
        "cluster_arn": "arn:aws:ecs:us-west-1:123456789012:cluster/shop-default",
        "cluster_name": "shop-default",
        "scaling": true,
        "alarms": true,
        "alarm_topic_arn": "arn:aws:sns:us-west-1:123456789012:shop-default-alarms",
        "kms_key_arn": "arn:aws:kms:us-west-1:123456789012:key/12345678-1234-1234-1234-123456789012",
        "log_retention": 30,
        "replica_region": "us-east-1",
        "database": {
          "endpoint": "shop-default.abc.us-west-1.rds.amazonaws.com",
          "port": 5432,
          "identifier": "shop-default",
          "master_secret_arn": "arn:aws:secretsmanager:us-west-1:123456789012:secret:rds!db-1-AbCdEf",
          "security_group_id": "sg-2",
          "rotation": { "function_arn": "arn:aws:lambda:us-west-1:123456789012:function:shop-default-rotation", "days": 30 }
        },
        "cache": {
          "endpoint": "master.shop-default.abc.usw1.cache.amazonaws.com",
          "port": 6379,
          "name": "shop-default",
          "arn": "arn:aws:elasticache:us-west-1:123456789012:replicationgroup:shop-default",
          "security_group_id": "sg-3",
          "user_group_id": "shop-default"
        },
        "url": "https://mock.us-west-1.elb.amazonaws.com"
      }
    JSON
  }
}

run "serves_nobody" {
  command = plan

  variables {
    service = merge(var.service, {
      kind  = "job"
      route = { path = "/", host = "", priority = 0 }
      jobs = {
        main  = { command = ["python", "-m", "orders"], schedule = "rate(1 hour)", timezone = "Europe/Berlin" }
        purge = { command = ["python", "-m", "orders", "purge"], cpu = 1024, memory = 2048 }
      }
    })
  }

  assert {
    condition = alltrue([
      length(module.route) == 0,
      length(module.codedeploy) == 0,
      length(module.scaling) == 0,
      length(module.observability) == 0,
      output.service_name == null,
      output.target_group_arn == null,
      length(output.target_group_arns) == 0,
      output.url == "",
    ])
    error_message = "no route, no ECS service, nothing that scales or watches one"
  }

  assert {
    condition = jsondecode(local.job_labels["slipway.jobs"]) == {
      main  = { command = ["python", "-m", "orders"], cpu = 0, memory = 0 }
      purge = { command = ["python", "-m", "orders", "purge"], cpu = 1024, memory = 2048 }
    }
    error_message = "a revision says what each job runs, so that an old one runs its own"
  }

  assert {
    condition     = toset(keys(local.env)) == toset(["ENVIRONMENT", "GREETING", "SERVICE_NAME"])
    error_message = "no port and no path among its variables"
  }

  assert {
    condition     = output.schedules == { group = "shop-default-orders", jobs = ["main"] }
    error_message = "what has no schedule runs by hand only"
  }

  assert {
    condition     = output.released == "/shop-default/jobs/orders" && aws_ssm_parameter.released[0].insecure_value == "none"
    error_message = "a parameter says which revision the jobs run by: none before the first rollout"
  }
}

run "a_web_service_may_have_jobs" {
  command = plan

  variables {
    service = merge(var.service, { jobs = { main = { command = ["true"], schedule = "cron(0 6 * * ? *)" } } })
  }

  assert {
    condition     = output.schedules == { group = "shop-default-orders", jobs = ["main"] } && output.service_name == "shop-default-orders"
    error_message = "it serves, and has schedules as well"
  }

  assert {
    condition     = output.released == null
    error_message = "its ECS service says which revision is at work"
  }
}

run "without_a_schedule_there_is_no_group" {
  command = plan

  variables {
    service = merge(var.service, { jobs = { main = { command = ["true"] } } })
  }

  assert {
    condition     = output.schedules == null
    error_message = "jobs by hand need nothing of Scheduler"
  }
}

run "refuses_a_job_service_without_jobs" {
  command = plan

  variables {
    service = merge(var.service, { kind = "job" })
  }

  expect_failures = [var.service]
}

run "refuses_a_job_without_a_command" {
  command = plan

  variables {
    service = merge(var.service, { jobs = { main = { command = [] } } })
  }

  expect_failures = [var.service]
}

run "refuses_a_schedule_of_another_form" {
  command = plan

  variables {
    service = merge(var.service, { jobs = { main = { command = ["true"], schedule = "0 6 * * *" } } })
  }

  expect_failures = [var.service]
}
