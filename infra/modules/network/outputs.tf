output "private_subnets" {
  description = "Ids of the private subnets, one per zone."
  value       = aws_subnet.private[*].id
}

output "public_subnets" {
  description = "Ids of the public subnets, one per zone."
  value       = aws_subnet.public[*].id
}

output "tasks_need_public_addresses" {
  description = "True where there is no NAT: tasks then run in the public subnets, with an address each."
  value       = var.nat == "none"
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
