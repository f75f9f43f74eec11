output "execution_arn" {
  description = "Role of the ECS agent. Known only once it may do its work."
  value       = aws_iam_role.execution.arn

  depends_on = [aws_iam_role_policy.execution]
}

output "task_arn" {
  description = "Role of the service's own code. Known only once it may do its work."
  value       = aws_iam_role.task.arn

  depends_on = [aws_iam_role_policy.task]
}

output "task_name" {
  description = "Name of the service's own role, to attach policies to."
  value       = aws_iam_role.task.name
}
