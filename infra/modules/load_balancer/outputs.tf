output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "How CloudWatch calls the load balancer."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "listener_arn" {
  description = "ARN of the listener that carries the services: HTTPS where there is a certificate."
  value       = one(concat(aws_lb_listener.https[*].arn, local.https ? [] : [aws_lb_listener.http.arn]))
}

output "port" {
  description = "Port of the listener that carries the services."
  value       = local.https ? 443 : 80
}

output "security_group_id" {
  description = "Security group of the load balancer; services let it in."
  value       = aws_security_group.this.id
}

output "test_listener_arn" {
  description = "ARN of the test listener. Null where there is none."
  value       = one(aws_lb_listener.test[*].arn)
}

output "test_port" {
  description = "Port of the test listener."
  value       = local.test_port
}

output "test_url" {
  description = "Where the test listener answers those in test_cidrs. Null: nobody outside the VPC can ask."
  value       = var.test_listener && length(var.test_cidrs) > 0 ? "${local.https ? "https" : "http"}://${var.domain_name == "" ? aws_lb.this.dns_name : var.domain_name}:${local.test_port}" : null
}

output "url" {
  description = "Where the load balancer answers."
  value       = "${local.https ? "https" : "http"}://${var.domain_name == "" ? aws_lb.this.dns_name : var.domain_name}"
}
