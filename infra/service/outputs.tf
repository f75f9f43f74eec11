output "alarm_names" {
  description = "Alarms that take a rollout back."
  value       = local.rollback_alarms
}

output "buckets" {
  description = "Buckets of the service by the names that the manifest gives them."
  value       = module.storage.names
}

output "cluster_name" {
  description = "Cluster of the service."
  value       = local.contract.cluster_name
}

output "codedeploy" {
  description = "Application and deployment group that roll out. Null: ECS does, task by task."
  value = one([for codedeploy in module.codedeploy : {
    application      = codedeploy.application
    deployment_group = codedeploy.deployment_group
  }])
}

output "discovery" {
  description = "What other services call it by, and whether they are let in."
  value = {
    name   = "${var.service.name}.${local.prefix}.internal"
    called = var.service.called
  }
}

output "log_group" {
  description = "Log group of the service."
  value       = aws_cloudwatch_log_group.this["app"].name
}

output "migration_task_definition_arn" {
  description = "The template revision of the migration task. Null: there is nothing to migrate."
  value       = one(module.migration[*].arn)
}

output "network" {
  description = "Where the tasks run: under CodeDeploy, deployments bring it along."
  value = {
    subnets         = local.contract.task_subnets
    security_groups = module.service.security_group_ids
    public_ip       = local.contract.assign_public_ip
  }
}

output "released" {
  description = "Parameter with the revision that the jobs run by. Null: that of the ECS service."
  value       = one(aws_ssm_parameter.released[*].name)
}

output "schedules" {
  description = "Schedule group, and the jobs that have a schedule in it. Null: there are none."
  value       = one([for schedules in module.schedules : { group = schedules.group, jobs = keys(local.scheduled) }])
}

output "secrets" {
  description = "ARN of each secret by the last part of its name."
  value       = module.secrets.arns
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = module.service.security_group_id
}

output "service_name" {
  description = "Name of the ECS service. Null: there is none, only jobs."
  value       = module.service.name
}

output "target_group_arn" {
  description = "Target group that the tasks join; under CodeDeploy the one that starts. Null: nobody connects to them."
  value       = one(module.route[*].blue_arn)
}

output "target_group_arns" {
  description = "Target groups by colour; a rolling service has a blue one only."
  value       = { for colour, group in local.target_groups : colour => group.arn }
}

output "task_definition_arn" {
  description = "The template revision: rollouts copy it."
  value       = module.task_definition.arn
}

output "test_url" {
  description = "Where new tasks answer before they get traffic, with the service's path. Empty: nowhere that whoever deploys can reach."
  value       = local.test_url
}

output "url" {
  description = "Where the service answers, with its path. Empty: nowhere."
  value       = local.serves ? "${local.url}${local.route_path}" : ""
}
