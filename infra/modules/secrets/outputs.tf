output "arns" {
  description = "ARN of each secret by the last part of its name. Known only once there is a value to read."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }

  depends_on = [aws_secretsmanager_secret_version.placeholder]
}
