output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "listener_arn" {
  description = "ARN of the listener that carries the services: HTTPS where there is a certificate."
  value       = one(concat(aws_lb_listener.https[*].arn, local.https ? [] : [aws_lb_listener.http.arn]))
}

output "security_group_id" {
  description = "Security group of the load balancer; services let it in."
  value       = aws_security_group.this.id
}

output "url" {
  description = "Where the load balancer answers."
  value       = "${local.https ? "https" : "http"}://${aws_lb.this.dns_name}"
}
