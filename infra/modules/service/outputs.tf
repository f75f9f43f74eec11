output "id" {
  description = "Id of the service: another one when it is made anew. Null: there is none."
  value       = one(concat(aws_ecs_service.rolling[*].id, aws_ecs_service.codedeploy[*].id))
}

output "name" {
  description = "Name of the service. Null: there is none."
  value       = one(concat(aws_ecs_service.rolling[*].name, aws_ecs_service.codedeploy[*].name))
}

output "security_group_ids" {
  description = "All security groups of the tasks."
  value       = local.security_groups
}

output "security_group_id" {
  description = "Security group of the tasks, for what they connect to."
  value       = aws_security_group.this.id
}
