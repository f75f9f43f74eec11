locals {
  shifts = var.strategy != "blue_green"

  # A test listener has rules of its own to move.
  listeners      = compact([var.listener_arn, var.test_listener_arn])
  listener_rules = [for arn in local.listeners : "${replace(arn, ":listener/", ":listener-rule/")}/*"]
}

# --- What CodeDeploy may do ----------------------------------------------------------------------

module "role_name" {
  source = "../name"

  full  = "${var.name}-codedeploy"
  limit = 64
}

resource "aws_iam_role" "this" {
  name        = module.role_name.value
  description = "Rolls out ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "roll-out"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Tasks"
        Effect = "Allow"
        Action = [
          "ecs:CreateTaskSet",
          "ecs:DeleteTaskSet",
          "ecs:DescribeServices",
          "ecs:UpdateServicePrimaryTaskSet",
        ]
        Resource = [
          "arn:${var.partition}:ecs:${var.region}:${var.account_id}:service/${var.cluster_name}/${var.service_name}",
          "arn:${var.partition}:ecs:${var.region}:${var.account_id}:task-set/${var.cluster_name}/${var.service_name}/*",
        ]
      },
      {
        Sid    = "Look"
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
        ]
        Resource = "*" # none of these has a resource
      },
      {
        Sid      = "Alarms"
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "arn:${var.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:*"
      },
      {
        Sid      = "Traffic"
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"]
        Resource = concat(local.listeners, local.listener_rules)
      },
      {
        Sid      = "Hooks"
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = "arn:${var.partition}:lambda:${var.region}:${var.account_id}:function:CodeDeployHook_*"
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

# --- How a deployment goes -----------------------------------------------------------------------

resource "aws_codedeploy_app" "this" {
  name             = var.name
  compute_platform = "ECS"
}

# Can't be changed, and AWS's own have but a few of the possible figures: its name says them all.
resource "aws_codedeploy_deployment_config" "this" {
  count = local.shifts ? 1 : 0

  deployment_config_name = "${var.name}-${var.strategy}-${var.shift.percent}-percent-${var.shift.minutes}-minutes"
  compute_platform       = "ECS"

  traffic_routing_config {
    type = var.strategy == "canary" ? "TimeBasedCanary" : "TimeBasedLinear"

    dynamic "time_based_canary" {
      for_each = var.strategy == "canary" ? [var.shift] : []

      content {
        percentage = time_based_canary.value.percent
        interval   = time_based_canary.value.minutes
      }
    }

    dynamic "time_based_linear" {
      for_each = var.strategy == "linear" ? [var.shift] : []

      content {
        percentage = time_based_linear.value.percent
        interval   = time_based_linear.value.minutes
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_codedeploy_deployment_group" "this" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = var.name
  deployment_config_name = local.shifts ? aws_codedeploy_deployment_config.this[0].deployment_config_name : "CodeDeployDefault.ECSAllAtOnce"
  service_role_arn       = aws_iam_role.this.arn

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  blue_green_deployment_config {
    # With a wait, whoever deploys tries the new tasks and says "go on"; if nobody does, it ends.
    deployment_ready_option {
      action_on_timeout    = var.ready_wait > 0 ? "STOP_DEPLOYMENT" : "CONTINUE_DEPLOYMENT"
      wait_time_in_minutes = var.ready_wait > 0 ? var.ready_wait : null
    }

    # The old tasks stand by: until they go, the way back takes seconds.
    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = var.standby
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  # A block without alarms is read back as none: each plan would want it anew.
  dynamic "alarm_configuration" {
    for_each = length(var.alarm_names) == 0 ? [] : [var.alarm_names]

    content {
      enabled                   = true
      alarms                    = alarm_configuration.value
      ignore_poll_alarm_failure = false
    }
  }

  ecs_service {
    cluster_name = var.cluster_name
    service_name = var.service_name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [var.listener_arn]
      }

      dynamic "test_traffic_route" {
        for_each = var.test_listener_arn == null ? [] : [var.test_listener_arn]

        content {
          listener_arns = [test_traffic_route.value]
        }
      }

      target_group {
        name = var.target_groups.blue
      }

      target_group {
        name = var.target_groups.green
      }
    }
  }

  # A group whose role may not look at the service is refused.
  depends_on = [aws_iam_role_policy.this]
}
