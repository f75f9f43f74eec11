data "aws_availability_zones" "z" { state = "available" }
resource "aws_vpc" "v" { cidr_block = "10.2.0.0/16" }
resource "aws_internet_gateway" "g" { vpc_id = aws_vpc.v.id }
resource "aws_subnet" "pub" {
  count             = 2
  vpc_id            = aws_vpc.v.id
  cidr_block        = cidrsubnet(aws_vpc.v.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.z.names[count.index]
}
resource "aws_security_group" "lb" {
  name   = "lb"
  vpc_id = aws_vpc.v.id
}
resource "aws_s3_bucket" "logs" {
  bucket        = "case-access-logs"
  force_destroy = true
}
resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_policy" "logs" {
  bucket     = aws_s3_bucket.logs.id
  policy     = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }, Action = "s3:PutObject", Resource = "${aws_s3_bucket.logs.arn}/*" }] })
  depends_on = [aws_s3_bucket_public_access_block.logs]
}
data "aws_elb_service_account" "main" {}
resource "aws_lb" "lb" {
  name                       = "case-lb"
  load_balancer_type         = "application"
  subnets                    = aws_subnet.pub[*].id
  security_groups            = [aws_security_group.lb.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = false
  idle_timeout               = 60
  desync_mitigation_mode     = "strictest"
  access_logs {
    bucket  = aws_s3_bucket.logs.id
    prefix  = "lb"
    enabled = true
  }
  depends_on = [aws_s3_bucket_policy.logs]
}
resource "aws_acm_certificate" "imported" {
  private_key      = file("${path.module}/key.pem")
  certificate_body = file("${path.module}/certificate.pem")
  lifecycle { create_before_destroy = true }
}
resource "aws_acm_certificate" "requested" {
  domain_name               = "shop.example.com"
  subject_alternative_names = ["*.shop.example.com"]
  validation_method         = "DNS"
  lifecycle { create_before_destroy = true }
}
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate.imported.arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "not found"
      status_code  = "404"
    }
  }
}
resource "aws_lb_listener" "test" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 8443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate.imported.arn
  default_action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.blue.arn
        weight = 100
      }
      target_group {
        arn    = aws_lb_target_group.green.arn
        weight = 0
      }
      stickiness {
        enabled  = false
        duration = 1
      }
    }
  }
}
resource "aws_lb_target_group" "blue" {
  name                          = "case-blue"
  port                          = 8000
  protocol                      = "HTTP"
  vpc_id                        = aws_vpc.v.id
  target_type                   = "ip"
  deregistration_delay          = 30
  load_balancing_algorithm_type = "least_outstanding_requests"
  health_check {
    path                = "/health"
    interval            = 30
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
    matcher             = "200"
  }
  lifecycle { create_before_destroy = true }
}
resource "aws_lb_target_group" "green" {
  name        = "case-green"
  port        = 8000
  protocol    = "HTTP"
  vpc_id      = aws_vpc.v.id
  target_type = "ip"
}
resource "aws_lb_listener_rule" "r" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 100
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.blue.arn
  }
  condition {
    path_pattern { values = ["/greeter", "/greeter/*"] }
  }
}
resource "aws_lb_listener_rule" "h" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 101
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.green.arn
  }
  condition {
    host_header { values = ["api.example.com"] }
  }
  condition {
    http_header {
      http_header_name = "X-Test"
      values           = ["1"]
    }
  }
}
resource "aws_wafv2_web_acl" "w" {
  name        = "case"
  scope       = "REGIONAL"
  description = "firewall"
  default_action {
    allow {}
  }
  rule {
    name     = "common"
    priority = 1
    override_action {
      none {}
    }
    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "common"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "rate"
    priority = 2
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit              = 2000
        aggregate_key_type = "IP"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "case"
    sampled_requests_enabled   = true
  }
}
resource "aws_wafv2_web_acl_association" "a" {
  resource_arn = aws_lb.lb.arn
  web_acl_arn  = aws_wafv2_web_acl.w.arn
}
resource "aws_cloudwatch_log_group" "waf" { name = "aws-waf-logs-case" }
resource "aws_wafv2_web_acl_logging_configuration" "l" {
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]
  resource_arn            = aws_wafv2_web_acl.w.arn
  redacted_fields {
    single_header { name = "authorization" }
  }
}
resource "aws_apigatewayv2_api" "a" {
  name          = "case"
  protocol_type = "HTTP"
  description   = "front"
  cors_configuration {
    allow_origins = ["https://example.com"]
    allow_methods = ["GET"]
    max_age       = 300
  }
}
resource "aws_apigatewayv2_vpc_link" "l" {
  name               = "case"
  security_group_ids = [aws_security_group.lb.id]
  subnet_ids         = aws_subnet.pub[*].id
}
resource "aws_apigatewayv2_integration" "i" {
  api_id                 = aws_apigatewayv2_api.a.id
  integration_type       = "HTTP_PROXY"
  integration_uri        = aws_lb_listener.https.arn
  integration_method     = "ANY"
  connection_type        = "VPC_LINK"
  connection_id          = aws_apigatewayv2_vpc_link.l.id
  payload_format_version = "1.0"
  timeout_milliseconds   = 29000
  tls_config { server_name_to_verify = "app.example.com" }
}
resource "aws_apigatewayv2_route" "r" {
  api_id    = aws_apigatewayv2_api.a.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.i.id}"
}
resource "aws_cloudwatch_log_group" "api" { name = "/apigateway/case" }
resource "aws_apigatewayv2_stage" "s" {
  api_id      = aws_apigatewayv2_api.a.id
  name        = "$default"
  auto_deploy = true
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format          = jsonencode({ id = "$context.requestId" })
  }
  default_route_settings {
    throttling_burst_limit   = 200
    throttling_rate_limit    = 100
    detailed_metrics_enabled = true
  }
}
