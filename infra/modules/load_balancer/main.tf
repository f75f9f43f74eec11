locals {
  https = var.certificate_arn != ""

  # Behind a gateway nobody comes in from outside, and the gateway has a rule of its own.
  public = var.internal ? {} : merge(
    { "80" = 80 },
    local.https ? { "443" = 443 } : {},
  )
  test_port = local.https ? 8443 : 8080

  nothing_here = jsonencode({ detail = "no service has this address" })

  # HTTPS with TLS 1.2 at least; nothing older has been needed since 2018.
  listener = {
    protocol        = local.https ? "HTTPS" : "HTTP"
    certificate_arn = local.https ? var.certificate_arn : null
    ssl_policy      = local.https ? "ELBSecurityPolicy-TLS13-1-2-2021-06" : null
  }
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
  for_each = local.public

  security_group_id = aws_security_group.this.id
  description       = "Anyone, port ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# What a blue/green deployment has not let through yet is nobody's but the testers'.
resource "aws_vpc_security_group_ingress_rule" "test" {
  for_each = var.test_listener ? toset(concat([var.vpc_cidr], var.test_cidrs)) : toset([])

  security_group_id = aws_security_group.this.id
  description       = "Test listener from ${each.value}"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = local.test_port
  to_port           = local.test_port
}

# Tasks that test call the public name, and so come from outside like everybody.
resource "aws_vpc_security_group_ingress_rule" "test_nat" {
  count = var.test_listener && !var.internal ? length(var.nat_addresses) : 0

  security_group_id = aws_security_group.this.id
  description       = "Test listener from the NAT gateways"
  cidr_ipv4         = "${var.nat_addresses[count.index]}/32"
  ip_protocol       = "tcp"
  from_port         = local.test_port
  to_port           = local.test_port
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
  # checkov:skip=CKV2_AWS_28:the web ACL is a flag of the environment (waf), and is associated where it is on
  name                       = module.name.value
  load_balancer_type         = "application"
  internal                   = var.internal
  subnets                    = var.subnets
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protected

  # Services keep idle connections for 75 s: the load balancer must be the one that hangs up first.
  idle_timeout = 60

  dynamic "access_logs" {
    for_each = aws_s3_bucket.logs

    content {
      bucket  = access_logs.value.bucket
      enabled = true
    }
  }

  tags = { Name = var.name }

  # AWS tries to write to the bucket before it accepts it.
  depends_on = [aws_s3_bucket_policy.logs]
}

# --- Listeners -----------------------------------------------------------------------------------

resource "aws_lb_listener" "http" {
  # checkov:skip=CKV_AWS_2:redirects wherever there is a certificate; an environment without a domain can't have one
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
        message_body = local.nothing_here
        status_code  = "404"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = local.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = local.listener.protocol
  certificate_arn   = local.listener.certificate_arn
  ssl_policy        = local.listener.ssl_policy

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = local.nothing_here
      status_code  = "404"
    }
  }
}

# Carries the new tasks of a blue/green deployment before anybody else sees them.
resource "aws_lb_listener" "test" {
  # checkov:skip=CKV_AWS_2:HTTPS wherever there is a certificate; only the VPC and named testers reach it
  count = var.test_listener ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = local.test_port
  protocol          = local.listener.protocol
  certificate_arn   = local.listener.certificate_arn
  ssl_policy        = local.listener.ssl_policy

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = local.nothing_here
      status_code  = "404"
    }
  }
}
