output "endpoint" {
  description = "Host name of the database."
  value       = aws_db_instance.this[var.current].address
}

output "engine_version" {
  description = "The version that runs."
  value       = aws_db_instance.this[var.current].engine_version_actual
}

output "identifier" {
  description = "Name of the instance."
  value       = aws_db_instance.this[var.current].identifier
}

output "master_secret_arn" {
  description = "Secret with the master's name and password. RDS makes it, and a new password every 7 days."
  value       = aws_db_instance.this[var.current].master_user_secret[0].secret_arn
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this[var.current].port
}

output "security_group_id" {
  description = "Security group of the database; services add themselves."
  value       = aws_security_group.this.id
}
