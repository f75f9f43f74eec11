mock_provider "aws" {
  source = "../tests"
}

variables {
  account_id = "123456789012"
  name       = "shop-dev"
  region     = "us-west-1"
}

run "two_zones_and_one_nat" {
  module {
    source = "../modules/network"
  }

  assert {
    condition     = aws_subnet.public[*].cidr_block == ["10.1.0.0/20", "10.1.16.0/20"]
    error_message = "public subnets are the first sixteenths"
  }

  assert {
    condition     = aws_subnet.private[*].cidr_block == ["10.1.64.0/20", "10.1.80.0/20"]
    error_message = "private subnets begin at the fifth sixteenth"
  }

  assert {
    condition     = aws_subnet.private[*].availability_zone == ["us-west-1a", "us-west-1b"]
    error_message = "one subnet per zone, in order"
  }

  assert {
    condition     = !anytrue(aws_subnet.public[*].map_public_ip_on_launch)
    error_message = "nothing gets a public address by accident"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && toset(aws_route.nat[*].nat_gateway_id) == toset([aws_nat_gateway.this[0].id])
    error_message = "both private route tables use the one gateway"
  }

  assert {
    condition     = length(aws_vpc_endpoint.s3.route_table_ids) == 3
    error_message = "S3 is reached without NAT from every subnet"
  }

  assert {
    condition = { for name, acl in aws_network_acl.this : name => join(" ", sort([for rule in acl.ingress : "${rule.from_port}-${rule.to_port}" if rule.cidr_block == "0.0.0.0/0" && rule.protocol == "tcp"])) } == {
      private = "32768-65535"
      public  = "1024-65535 443-443 80-80"
    }
    error_message = "from outside come requests, and answers to ephemeral ports"
  }

  assert {
    condition     = aws_network_acl.this["private"].subnet_ids == toset(aws_subnet.private[*].id) && aws_network_acl.this["public"].subnet_ids == toset(aws_subnet.public[*].id)
    error_message = "each subnet has its list"
  }

  assert {
    condition = alltrue([
      aws_flow_log.this[0].traffic_type == "ALL",
      aws_cloudwatch_log_group.flow[0].name == "/vpc/shop-dev",
      aws_cloudwatch_log_group.flow[0].retention_in_days == 30,
    ])
    error_message = "connections are logged, and kept for 30 days"
  }

  assert {
    condition = alltrue([
      aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway",
      aws_vpc_endpoint.s3.service_name == "com.amazonaws.us-west-1.s3",
      toset(aws_vpc_endpoint.s3.route_table_ids) == toset(concat([aws_route_table.public.id], aws_route_table.private[*].id)),
    ])
    error_message = "the S3 endpoint is a gateway, which costs nothing, in every route table"
  }

  assert {
    condition = alltrue([
      aws_route.internet.gateway_id == aws_internet_gateway.this.id,
      aws_route.internet.route_table_id == aws_route_table.public.id,
      aws_route.internet.destination_cidr_block == "0.0.0.0/0",
      toset(aws_route_table_association.public[*].subnet_id) == toset(aws_subnet.public[*].id),
      toset(aws_route_table_association.public[*].route_table_id) == toset([aws_route_table.public.id]),
    ])
    error_message = "public subnets, and no others, have the internet gateway as their way out"
  }

  assert {
    condition = alltrue([
      aws_route_table_association.private[*].subnet_id == aws_subnet.private[*].id,
      aws_route_table_association.private[*].route_table_id == aws_route_table.private[*].id,
      toset(aws_route.nat[*].route_table_id) == toset(aws_route_table.private[*].id),
    ])
    error_message = "each private subnet has its own route table, and its way out is NAT"
  }

  assert {
    condition     = aws_vpc.this.cidr_block == "10.1.0.0/16" && aws_vpc.this.enable_dns_support
    error_message = "the VPC is 10.1.0.0/16 unless somebody says otherwise"
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "interface endpoints cost money: only where asked for"
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "the default security group lets nothing through"
  }
}

run "a_third_zone_moves_nothing" {
  module {
    source = "../modules/network"
  }

  variables {
    zones = 3
  }

  assert {
    condition     = slice(aws_subnet.public[*].id, 0, 2) == run.two_zones_and_one_nat.public_subnets
    error_message = "the subnets that exist stay"
  }

  assert {
    condition     = aws_subnet.private[2].cidr_block == "10.1.96.0/20"
    error_message = "the third private subnet is the seventh sixteenth"
  }
}

run "a_gateway_per_zone" {
  module {
    source = "../modules/network"
  }

  variables {
    zones = 3
    nat   = "per_zone"
  }

  assert {
    condition     = aws_route.nat[*].nat_gateway_id == aws_nat_gateway.this[*].id && length(aws_nat_gateway.this) == 3
    error_message = "each zone has its own way out"
  }
}

run "no_gateway" {
  module {
    source = "../modules/network"
  }

  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_vpc_endpoint.s3.route_table_ids) == 3 && length(aws_route_table.private) == 2
    error_message = "S3 is reached all the same, and gateways can be added later"
  }

  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_route.nat) == 0
    error_message = "nothing is left of NAT"
  }

  assert {
    condition     = output.tasks_need_public_addresses
    error_message = "who places tasks is told"
  }
}

run "interface_endpoints_instead_of_a_gateway" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    nat                 = "none"
    flow_logs           = false
    interface_endpoints = true
  }

  assert {
    condition     = contains(keys(aws_vpc_endpoint.interface), "ecr.dkr") && alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "the registry is reached under its usual name"
  }

  assert {
    condition     = !output.tasks_need_public_addresses
    error_message = "tasks can stay in private subnets"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints[0].cidr_ipv4 == "10.1.0.0/16" && aws_vpc_security_group_ingress_rule.endpoints[0].from_port == 443
    error_message = "only the VPC reaches the endpoints"
  }

  assert {
    condition     = length(aws_flow_log.this) + length(aws_cloudwatch_log_group.flow) + length(aws_iam_role.flow) == 0
    error_message = "nothing is left of flow logs"
  }
}

run "the_smallest_range" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    cidr = "10.1.240.0/20"
  }

  assert {
    condition     = aws_subnet.private[1].cidr_block == "10.1.245.0/24"
    error_message = "a /20 is cut into /24"
  }
}

run "refuses_more_zones_than_there_are" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    zones = 3
  }

  override_data {
    target = data.aws_availability_zones.available
    values = {
      names = ["us-west-1a", "us-west-1c"]
    }
  }

  expect_failures = [aws_vpc.this]
}
