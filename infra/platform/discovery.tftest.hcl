mock_provider "aws" {
  source = "../tests"
}

run "names_services_in_the_vpc_alone" {
  module {
    source = "../modules/discovery"
  }

  command = plan

  variables {
    name   = "acme-shop-staging"
    vpc_id = "vpc-1"
  }

  assert {
    condition = alltrue([
      aws_service_discovery_private_dns_namespace.this.name == "acme-shop-staging.internal",
      aws_service_discovery_private_dns_namespace.this.vpc == "vpc-1",
      output.namespace_name == "acme-shop-staging.internal",
    ])
    error_message = "a zone of the environment's own, which no other network sees"
  }

  assert {
    condition     = aws_security_group.callers.name == "acme-shop-staging-callers" && aws_security_group.callers.vpc_id == "vpc-1"
    error_message = "a group to know callers by"
  }
}
