output "contract" {
  description = "What services need to know of this environment, as JSON; also in Parameter Store."
  value       = jsonencode(local.contract)
}

output "url" {
  description = "Where the environment answers."
  value       = module.load_balancer.url
}
