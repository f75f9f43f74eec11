# A second lock behind the security groups: it holds even where a group was opened by mistake. It
# knows no connections, so that answers come in through the ephemeral ports.

locals {
  everyone = "0.0.0.0/0"

  # Within the VPC security groups alone decide. "Fragmentation needed" (ICMP 3, 4) must come
  # through, or large answers hang behind a narrow link.
  inside = {
    200 = { protocol = "tcp", cidr = var.cidr, from = 0, to = 65535 }
    210 = { protocol = "udp", cidr = var.cidr, from = 0, to = 65535 }
    220 = { protocol = "icmp", cidr = local.everyone, from = 0, to = 0 }
  }

  acls = {
    public = {
      subnets = aws_subnet.public[*].id
      ingress = merge(local.inside, {
        100 = { protocol = "tcp", cidr = local.everyone, from = 80, to = 80 }
        110 = { protocol = "tcp", cidr = local.everyone, from = 443, to = 443 }
        # NAT gateways connect from any of these ports, and get their answers there. 3389 is one of
        # them; nothing listens there, and no security group opens it.
        120 = { protocol = "tcp", cidr = local.everyone, from = 1024, to = 65535 }
      })
    }
    private = {
      subnets = aws_subnet.private[*].id
      ingress = merge(local.inside, {
        # Linux connects from 32768 on: nothing else comes in from outside.
        100 = { protocol = "tcp", cidr = local.everyone, from = 32768, to = 65535 }
      })
    }
  }

  egress = merge(local.inside, {
    100 = { protocol = "tcp", cidr = local.everyone, from = 0, to = 65535 }
  })
}

resource "aws_network_acl" "this" {
  for_each = { for name, acl in local.acls : name => acl if var.network_acls }

  vpc_id     = aws_vpc.this.id
  subnet_ids = each.value.subnets

  dynamic "ingress" {
    for_each = each.value.ingress

    content {
      rule_no    = ingress.key
      action     = "allow"
      protocol   = ingress.value.protocol
      cidr_block = ingress.value.cidr
      from_port  = ingress.value.from
      to_port    = ingress.value.to
      icmp_type  = ingress.value.protocol == "icmp" ? 3 : null
      icmp_code  = ingress.value.protocol == "icmp" ? 4 : null
    }
  }

  dynamic "egress" {
    for_each = local.egress

    content {
      rule_no    = egress.key
      action     = "allow"
      protocol   = egress.value.protocol
      cidr_block = egress.value.cidr
      from_port  = egress.value.from
      to_port    = egress.value.to
      icmp_type  = egress.value.protocol == "icmp" ? 3 : null
      icmp_code  = egress.value.protocol == "icmp" ? 4 : null
    }
  }

  tags = { Name = "${var.name}-${each.key}" }
}
