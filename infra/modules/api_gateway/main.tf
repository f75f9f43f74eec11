# --- The link into the VPC -----------------------------------------------------------------------

resource "aws_security_group" "link" {
  name        = "${var.name}-gateway"
  description = "API gateway of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-gateway" }
}

resource "aws_vpc_security_group_egress_rule" "link" {
  security_group_id            = aws_security_group.link.id
  description                  = "Load balancer"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.listener_port
  to_port                      = var.listener_port
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  security_group_id            = var.load_balancer_security_group_id
  description                  = "API gateway"
  referenced_security_group_id = aws_security_group.link.id
  ip_protocol                  = "tcp"
  from_port                    = var.listener_port
  to_port                      = var.listener_port
}

resource "aws_apigatewayv2_vpc_link" "this" {
  name               = var.name
  subnet_ids         = var.subnets
  security_group_ids = [aws_security_group.link.id]
}

# --- The API -------------------------------------------------------------------------------------

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "Every service of ${var.name}, with a limit on requests"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "this" {
  api_id             = aws_apigatewayv2_api.this.id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = var.listener_arn
  connection_type    = "VPC_LINK"
  connection_id      = aws_apigatewayv2_vpc_link.this.id

  dynamic "tls_config" {
    for_each = var.domain_name == "" ? [] : [var.domain_name]

    content {
      server_name_to_verify = tls_config.value
    }
  }
}

# Routing is the load balancer's: it knows the services.
resource "aws_apigatewayv2_route" "default" {
  # checkov:skip=CKV_AWS_309:who may call a service is up to the service; the load balancer without a gateway asks nobody either
  api_id    = aws_apigatewayv2_api.this.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.this.id}"
}

resource "aws_cloudwatch_log_group" "access" {
  # checkov:skip=CKV_AWS_338:kept for log_retention days, 30 unless an environment says otherwise; a year is not required of requests
  name              = "/apigateway/${var.name}"
  retention_in_days = var.log_retention
  kms_key_id        = var.kms_key_arn
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.rate
    throttling_burst_limit   = var.burst
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      time      = "$context.requestTime"
      request   = "$context.requestId"
      ip        = "$context.identity.sourceIp"
      method    = "$context.httpMethod"
      path      = "$context.path"
      status    = "$context.status"
      bytes     = "$context.responseLength"
      ms        = "$context.responseLatency"
      error     = "$context.error.message"
      userAgent = "$context.identity.userAgent"
    })
  }
}
