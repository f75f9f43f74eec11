data "aws_availability_zones" "z" { state = "available" }
resource "aws_vpc" "v" {
  cidr_block           = "10.1.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "n" }
}
resource "aws_internet_gateway" "g" { vpc_id = aws_vpc.v.id }
resource "aws_subnet" "pub" {
  count                   = 2
  vpc_id                  = aws_vpc.v.id
  cidr_block              = cidrsubnet(aws_vpc.v.cidr_block, 8, count.index)
  availability_zone       = data.aws_availability_zones.z.names[count.index]
  map_public_ip_on_launch = true
  tags                    = { Name = "pub-${count.index}" }
}
resource "aws_subnet" "priv" {
  count             = 2
  vpc_id            = aws_vpc.v.id
  cidr_block        = cidrsubnet(aws_vpc.v.cidr_block, 8, 10 + count.index)
  availability_zone = data.aws_availability_zones.z.names[count.index]
}
resource "aws_eip" "nat" {
  count  = 2
  domain = "vpc"
}
resource "aws_nat_gateway" "nat" {
  count         = 2
  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.pub[count.index].id
  depends_on    = [aws_internet_gateway.g]
}
resource "aws_route_table" "pub" { vpc_id = aws_vpc.v.id }
resource "aws_route" "pub" {
  route_table_id         = aws_route_table.pub.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.g.id
}
resource "aws_route_table_association" "pub" {
  count          = 2
  route_table_id = aws_route_table.pub.id
  subnet_id      = aws_subnet.pub[count.index].id
}
resource "aws_route_table" "priv" {
  count  = 2
  vpc_id = aws_vpc.v.id
}
resource "aws_route" "priv" {
  count                  = 2
  route_table_id         = aws_route_table.priv[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat[count.index].id
}
resource "aws_route_table_association" "priv" {
  count          = 2
  route_table_id = aws_route_table.priv[count.index].id
  subnet_id      = aws_subnet.priv[count.index].id
}
resource "aws_default_security_group" "d" { vpc_id = aws_vpc.v.id }
resource "aws_default_network_acl" "d" {
  default_network_acl_id = aws_vpc.v.default_network_acl_id
  lifecycle { ignore_changes = [subnet_ids] }
}
resource "aws_default_route_table" "d" {
  default_route_table_id = aws_vpc.v.default_route_table_id
  route                  = []
}
resource "aws_network_acl" "priv" {
  vpc_id     = aws_vpc.v.id
  subnet_ids = aws_subnet.priv[*].id
  tags       = { Name = "priv" }
}
resource "aws_network_acl_rule" "in_vpc" {
  network_acl_id = aws_network_acl.priv.id
  rule_number    = 100
  egress         = false
  protocol       = "-1"
  rule_action    = "allow"
  cidr_block     = aws_vpc.v.cidr_block
}
resource "aws_network_acl_rule" "in_eph" {
  network_acl_id = aws_network_acl.priv.id
  rule_number    = 110
  egress         = false
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
  from_port      = 1024
  to_port        = 65535
}
resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.priv.id
  rule_number    = 100
  egress         = true
  protocol       = "-1"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
}
resource "aws_network_acl_rule" "in_udp" {
  network_acl_id = aws_network_acl.priv.id
  rule_number    = 120
  egress         = false
  protocol       = "udp"
  rule_action    = "deny"
  cidr_block     = "0.0.0.0/0"
  from_port      = 53
  to_port        = 53
}
resource "aws_network_acl" "pub" {
  vpc_id     = aws_vpc.v.id
  subnet_ids = aws_subnet.pub[*].id
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    from_port  = 443
    to_port    = 443
    cidr_block = "0.0.0.0/0"
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    from_port  = 0
    to_port    = 0
    cidr_block = "0.0.0.0/0"
  }
}
resource "aws_cloudwatch_log_group" "flow" {
  name              = "/vpc/flow"
  retention_in_days = 30
}
resource "aws_iam_role" "flow" {
  name               = "flow"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "vpc-flow-logs.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_flow_log" "f" {
  vpc_id                   = aws_vpc.v.id
  traffic_type             = "ALL"
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow.arn
  max_aggregation_interval = 60
  tags                     = { Name = "flow" }
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.v.id
  service_name      = "com.amazonaws.us-west-1.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = aws_route_table.priv[*].id
  tags              = { Name = "s3" }
}
resource "aws_vpc_endpoint" "s3p" {
  vpc_id            = aws_vpc.v.id
  service_name      = "com.amazonaws.us-west-1.dynamodb"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = aws_route_table.priv[*].id
  policy            = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "*", Resource = "*" }] })
}
resource "aws_security_group" "ep" {
  name        = "ep"
  description = "endpoints"
  vpc_id      = aws_vpc.v.id
}
resource "aws_vpc_security_group_ingress_rule" "ep" {
  security_group_id = aws_security_group.ep.id
  description       = "tls"
  cidr_ipv4         = aws_vpc.v.cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_vpc_security_group_ingress_rule" "self" {
  security_group_id            = aws_security_group.ep.id
  referenced_security_group_id = aws_security_group.ep.id
  ip_protocol                  = "-1"
}
resource "aws_vpc_security_group_egress_rule" "ep" {
  security_group_id = aws_security_group.ep.id
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_security_group" "inline" {
  name_prefix = "inline-"
  description = "inline rules"
  vpc_id      = aws_vpc.v.id
  ingress {
    description     = "from ep"
    from_port       = 8000
    to_port         = 8000
    protocol        = "tcp"
    security_groups = [aws_security_group.ep.id]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
  lifecycle { create_before_destroy = true }
}
resource "aws_vpc_endpoint" "if" {
  for_each            = toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"])
  vpc_id              = aws_vpc.v.id
  service_name        = "com.amazonaws.us-west-1.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = aws_subnet.priv[*].id
  security_group_ids  = [aws_security_group.ep.id]
  private_dns_enabled = true
}
