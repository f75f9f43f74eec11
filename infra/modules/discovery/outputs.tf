output "callers_security_group_id" {
  description = "Security group of the tasks that call other services."
  value       = aws_security_group.callers.id
}

output "namespace_id" {
  description = "Namespace that services enter."
  value       = aws_service_discovery_private_dns_namespace.this.id
}

output "namespace_name" {
  description = "What the names of all services end with."
  value       = aws_service_discovery_private_dns_namespace.this.name
}
