# Answered in this VPC alone, by its own resolver, and at no address of the internet.
resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "${var.name}.internal"
  description = "Services of ${var.name}"
  vpc         = var.vpc_id
}

# A badge without rules of its own: who is called lets in whoever wears it, on one port.
resource "aws_security_group" "callers" {
  # checkov:skip=CKV2_AWS_5:worn by the tasks of services that need others, which are in states of their own
  name        = "${var.name}-callers"
  description = "Tasks of ${var.name} that call other services"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-callers" }
}
