locals {
  everything = contains(["", "/"], var.path)
  patterns   = local.everything ? ["/*"] : [var.path, "${var.path}/*"]
  # A rule needs a condition: a host alone is one, else it is the path.
  by_path = !local.everything || var.host == ""
}

module "name" {
  source = "../name"

  full  = var.name
  limit = 32
}

# Tasks register with their own address *and* port, so that this port is never used. It is the same
# for every service on purpose: changing a target group's port would replace it under traffic.
resource "aws_lb_target_group" "this" {
  name                 = module.name.value
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

  tags = { Name = var.name }
}

resource "aws_lb_listener_rule" "this" {
  listener_arn = var.listener_arn
  priority     = var.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
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
}
