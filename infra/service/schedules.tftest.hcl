mock_provider "aws" {
  source = "../tests"
}

variables {
  name             = "shop-dev-orders"
  account_id       = "123456789012"
  partition        = "aws"
  region           = "us-west-1"
  cluster_arn      = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev"
  family           = "shop-dev-orders"
  subnets          = ["subnet-3", "subnet-4"]
  security_groups  = ["sg-1"]
  assign_public_ip = false
  task_roles       = ["arn:aws:iam::123456789012:role/shop-dev-orders-execution", "arn:aws:iam::123456789012:role/shop-dev-orders-task"]
  jobs = {
    hourly  = { schedule = "rate(1 hour)", timezone = "UTC" }
    nightly = { schedule = "cron(0 3 * * ? *)", timezone = "Europe/Berlin" }
  }
}

run "starts_tasks_of_one_family" {
  module {
    source = "../modules/schedules"
  }

  assert {
    condition = { for name, each in aws_scheduler_schedule.this : name => [each.schedule_expression, each.schedule_expression_timezone] } == {
      hourly  = ["rate(1 hour)", "UTC"]
      nightly = ["cron(0 3 * * ? *)", "Europe/Berlin"]
    }
    error_message = "each job has its schedule, in its time zone"
  }

  assert {
    condition = alltrue([for each in aws_scheduler_schedule.this : alltrue([
      each.state == "DISABLED",
      each.group_name == "shop-dev-orders",
      each.target[0].input == null,
      each.target[0].arn == "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev",
      each.target[0].ecs_parameters[0].task_definition_arn == "arn:aws:ecs:us-west-1:123456789012:task-definition/shop-dev-orders",
    ])])
    error_message = "it is off and names no revision until the first rollout"
  }

  assert {
    condition = alltrue([for each in aws_scheduler_schedule.this : alltrue([
      each.target[0].ecs_parameters[0].launch_type == "FARGATE",
      each.target[0].ecs_parameters[0].network_configuration[0].subnets == toset(["subnet-3", "subnet-4"]),
      each.target[0].ecs_parameters[0].network_configuration[0].security_groups == toset(["sg-1"]),
      !each.target[0].ecs_parameters[0].network_configuration[0].assign_public_ip,
      each.target[0].retry_policy[0].maximum_retry_attempts == 3,
      each.target[0].retry_policy[0].maximum_event_age_in_seconds == 3600,
    ])])
    error_message = "tasks start on Fargate in the private subnets; a start is tried again for an hour"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Sid       = "Run"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = "arn:aws:ecs:us-west-1:123456789012:task-definition/shop-dev-orders:*"
        Condition = { ArnEquals = { "ecs:cluster" = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev" } }
      },
      {
        Sid       = "Tag"
        Effect    = "Allow"
        Action    = "ecs:TagResource"
        Resource  = "arn:aws:ecs:us-west-1:123456789012:task/shop-dev/*"
        Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
      },
      {
        Sid       = "Roles"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = ["arn:aws:iam::123456789012:role/shop-dev-orders-execution", "arn:aws:iam::123456789012:role/shop-dev-orders-task"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
    error_message = "Scheduler starts tasks of this family in this cluster, with the tasks' two roles, and no more"
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = {
        "aws:SourceAccount" = "123456789012"
        "aws:SourceArn"     = aws_scheduler_schedule_group.this.arn
      } }
    }]
    error_message = "only schedules of this group take the role"
  }
}

run "names_stay_inside_the_limits" {
  module {
    source = "../modules/schedules"
  }

  command = plan

  variables {
    name = "twelve-chars-sixteen-letters0-production-a-service-of-24-letters0"
  }

  assert {
    condition     = length(aws_scheduler_schedule_group.this.name) <= 64 && length(aws_iam_role.this.name) <= 64
    error_message = "Scheduler and IAM allow 64 characters"
  }
}

run "refuses_a_job_without_a_schedule" {
  module {
    source = "../modules/schedules"
  }

  command = plan

  variables {
    jobs = { main = { schedule = "", timezone = "UTC" } }
  }

  expect_failures = [var.jobs]
}
