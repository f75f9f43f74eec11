output "arn" {
  description = "The template revision."
  value       = aws_ecs_task_definition.this.arn
}

output "container_name" {
  description = "Name of the container that serves."
  value       = "app"
}
