output "contract" {
  description = "What services need to know of this environment, as JSON; also in Parameter Store."
  value       = jsonencode(local.contract)
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard. Null where there is none."
  value       = one(module.dashboard[*].name)
}

output "github_roles" {
  description = "Roles that GitHub Actions may take, by the kind of job."
  value       = one(module.identity[*].role_arns)
}

output "url" {
  description = "Where the environment answers."
  value       = local.url
}
