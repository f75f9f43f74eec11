output "nat_addresses" {
  description = "Public addresses that connections from private subnets come from."
  value       = aws_eip.nat[*].public_ip
}

output "nat_gateway_ids" {
  description = "Ids of the NAT gateways."
  value       = aws_nat_gateway.this[*].id
}

output "private_subnets" {
  description = "Ids of the private subnets, one per zone."
  value       = aws_subnet.private[*].id
}

output "public_subnets" {
  description = "Ids of the public subnets, one per zone."
  value       = aws_subnet.public[*].id
}

output "tasks_need_public_addresses" {
  description = "True where there is neither NAT nor interface endpoints: tasks then run in the public subnets, with an address each."
  value       = var.nat == "none" && !var.interface_endpoints
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
