locals {
  everything = contains(["", "/"], var.path)
  patterns   = local.everything ? ["/*"] : [var.path, "${var.path}/*"]
  # A rule needs a condition: a host alone is one, else it is the path.
  by_path = !local.everything || var.host == ""

  # The only group of a rolling service is the blue one: changing the strategy keeps it.
  colours = merge(
    { blue = var.name },
    var.blue_green ? { green = "${var.name}-green" } : {},
  )
}

module "name" {
  source   = "../name"
  for_each = local.colours

  full  = each.value
  limit = 32
}

# Tasks register with their own address *and* port, so that this port is never used. It is the same
# for every service on purpose: changing a target group's port would replace it under traffic.
resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_378:TLS ends at the load balancer, which alone may connect to the tasks, inside the VPC
  for_each = local.colours

  name                 = module.name[each.key].value
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = 80
  deregistration_delay = var.deregistration_delay

  health_check {
    path                = var.health.path
    port                = "traffic-port"
    protocol            = "HTTP"
    matcher             = "200"
    interval            = var.health.interval
    timeout             = var.health.timeout
    healthy_threshold   = var.health.healthy
    unhealthy_threshold = var.health.unhealthy
  }

  # The second tag is what the listener rule below looks at.
  tags = merge({ Name = each.value }, var.blue_green ? { traffic = "codedeploy" } : {})
}

moved {
  from = aws_lb_target_group.this
  to   = aws_lb_target_group.this["blue"]
}

resource "aws_lb_listener_rule" "this" {
  listener_arn = var.listener_arn
  priority     = var.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  dynamic "condition" {
    for_each = var.host == "" ? [] : [var.host]

    content {
      host_header {
        values = [condition.value]
      }
    }
  }

  dynamic "condition" {
    for_each = local.by_path ? [local.patterns] : []

    content {
      path_pattern {
        values = condition.value
      }
    }
  }

  tags = { Name = var.name }

  lifecycle {
    # The colour that has the traffic is CodeDeploy's to choose. A rolling service has but one.
    ignore_changes = [action]

    # When a service goes back to rolling, its rule may still lead to the green group, which goes.
    replace_triggered_by = [aws_lb_target_group.this["blue"].tags]
  }
}

# Where the new tasks are tried before anyone sees them.
resource "aws_lb_listener_rule" "test" {
  count = var.blue_green && var.test_listener_arn != null ? 1 : 0

  listener_arn = var.test_listener_arn
  priority     = var.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  dynamic "condition" {
    for_each = var.host == "" ? [] : [var.host]

    content {
      host_header {
        values = [condition.value]
      }
    }
  }

  dynamic "condition" {
    for_each = local.by_path ? [local.patterns] : []

    content {
      path_pattern {
        values = condition.value
      }
    }
  }

  tags = { Name = "${var.name}-test" }

  lifecycle {
    ignore_changes = [action]
  }
}
