output "policy_names" {
  description = "Names of the scaling policies by what they look at."
  value       = { for key, policy in aws_appautoscaling_policy.this : key => policy.name }
}
