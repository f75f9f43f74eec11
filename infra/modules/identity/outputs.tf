output "role_arns" {
  description = "ARN of the role of each kind of job: plan, build, deploy, apply."
  value       = { for job, role in aws_iam_role.this : job => role.arn }
}
