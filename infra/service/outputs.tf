output "cluster_name" {
  description = "Cluster of the service."
  value       = local.contract.cluster_name
}

output "log_group" {
  description = "Log group of the service."
  value       = aws_cloudwatch_log_group.app.name
}

output "service_name" {
  description = "Name of the ECS service."
  value       = module.service.name
}

output "target_group_arn" {
  description = "Target group that the tasks join."
  value       = module.route.target_group_arn
}

output "task_definition_arn" {
  description = "The template revision: rollouts copy it."
  value       = module.task_definition.arn
}

output "url" {
  description = "Where the service answers, with its path."
  value       = "${local.url}${local.route_path}"
}
