output "name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "security_group_id" {
  description = "Security group of the tasks, for what they connect to."
  value       = aws_security_group.this.id
}
