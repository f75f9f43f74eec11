output "arn" {
  description = "ARN of the replication group, for the policies of its users."
  value       = aws_elasticache_replication_group.this.arn
}

output "cluster_ids" {
  description = "Names of the nodes, known before they exist."
  value       = [for number in range(1, var.nodes + 1) : format("%s-%03d", module.id.value, number)]
}

output "endpoint" {
  description = "Host name for reading and writing."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "name" {
  description = "Name of the replication group: what a user signs for."
  value       = module.id.value
}

output "port" {
  description = "Port of the cache."
  value       = aws_elasticache_replication_group.this.port
}

output "security_group_id" {
  description = "Security group of the cache; services add themselves."
  value       = aws_security_group.this.id
}

output "user_group_id" {
  description = "Group that services' users join. Null: nobody needs to prove who they are."
  value       = one(aws_elasticache_user_group.this[*].user_group_id)
}
