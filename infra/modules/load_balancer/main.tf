locals {
  https = var.certificate_arn != ""
  ports = toset(local.https ? ["80", "443"] : ["80"])
}

module "name" {
  source = "../name"

  full  = var.name
  limit = 32
}

# --- Who may connect ---------------------------------------------------------------------------

resource "aws_security_group" "this" {
  name        = "${var.name}-lb"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-lb" }
}

resource "aws_vpc_security_group_ingress_rule" "public" {
  for_each = local.ports

  security_group_id = aws_security_group.this.id
  description       = "Anyone, port ${each.value}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
}

resource "aws_vpc_security_group_egress_rule" "targets" {
  security_group_id = aws_security_group.this.id
  description       = "Targets; each service opens its own port"
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = 1024
  to_port           = 65535
}

# --- Load balancer -----------------------------------------------------------------------------

resource "aws_lb" "this" {
  name                       = module.name.value
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.subnets
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protected

  # Services keep idle connections for 75 s: the load balancer must be the one that hangs up first.
  idle_timeout = 60

  tags = { Name = var.name }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = local.https ? "redirect" : "fixed-response"

    dynamic "redirect" {
      for_each = local.https ? [true] : []

      content {
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }

    dynamic "fixed_response" {
      for_each = local.https ? [] : [true]

      content {
        content_type = "application/json"
        message_body = jsonencode({ detail = "no service has this address" })
        status_code  = "404"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = local.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = jsonencode({ detail = "no service has this address" })
      status_code  = "404"
    }
  }
}
