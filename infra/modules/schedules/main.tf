locals {
  here       = "${var.region}:${var.account_id}"
  family_arn = "arn:${var.partition}:ecs:${local.here}:task-definition/${var.family}"
}

module "group_name" {
  source = "../name"

  full  = var.name
  limit = 64
}

resource "aws_scheduler_schedule_group" "this" {
  name = module.group_name.value
}

# --- What Scheduler may do: start tasks of this family in this cluster ----------------------------

module "role_name" {
  source = "../name"

  full  = "${var.name}-schedules"
  limit = 64
}

resource "aws_iam_role" "this" {
  name        = module.role_name.value
  description = "Starts the scheduled jobs of ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      # Nobody else's schedules, should this role's ARN become known (the confused deputy).
      Condition = { StringEquals = {
        "aws:SourceAccount" = var.account_id
        "aws:SourceArn"     = aws_scheduler_schedule_group.this.arn
      } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "run"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Run"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = "${local.family_arn}:*"
        Condition = { ArnEquals = { "ecs:cluster" = var.cluster_arn } }
      },
      {
        Sid       = "Tag"
        Effect    = "Allow"
        Action    = "ecs:TagResource"
        Resource  = "${replace(var.cluster_arn, ":cluster/", ":task/")}/*"
        Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
      },
      {
        Sid       = "Roles"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = var.task_roles
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}

# --- When --------------------------------------------------------------------------------------

resource "aws_scheduler_schedule" "this" {
  # checkov:skip=CKV_AWS_297:nothing in a schedule is secret, a command is readable in the task definition as well
  for_each = var.jobs

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "Job ${each.key} of ${var.name}"
  schedule_expression          = each.value.schedule
  schedule_expression_timezone = each.value.timezone
  state                        = "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.cluster_arn
    role_arn = aws_iam_role.this.arn

    ecs_parameters {
      task_definition_arn     = local.family_arn
      launch_type             = "FARGATE"
      platform_version        = "LATEST"
      task_count              = 1
      enable_ecs_managed_tags = true
      propagate_tags          = "TASK_DEFINITION"

      network_configuration {
        subnets          = var.subnets
        security_groups  = var.security_groups
        assign_public_ip = var.assign_public_ip
      }
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }

  lifecycle {
    ignore_changes = [
      state,
      target[0].input,
      target[0].ecs_parameters[0].task_definition_arn,
    ]
  }

  # Scheduler tries the role when a schedule is made.
  depends_on = [aws_iam_role_policy.this]
}
