mock_provider "aws" {
  source = "../tests"
}

variables {
  account_id = "123456789012"
  region     = "us-west-1"
  name       = "shop-dev"
  vpc_id     = "vpc-1"
  vpc_cidr   = "10.1.0.0/16"
  subnets    = ["subnet-1", "subnet-2"]
  protected  = false
}

run "http_only" {
  module {
    source = "../modules/load_balancer"
  }

  assert {
    condition     = aws_lb.this.name == "shop-dev" && aws_lb.this.internal == false
    error_message = "a short name is kept, and the internet reaches it"
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.idle_timeout == 60
    error_message = "invalid headers are dropped; idle connections close after 60 s, before the services' 75"
  }

  assert {
    condition     = !aws_lb.this.enable_deletion_protection
    error_message = "an unprotected environment can be destroyed"
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].fixed_response[0].status_code == "404"
    error_message = "what no rule matches is a 404"
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.public) == ["80"] && length(aws_lb_listener.https) == 0
    error_message = "nothing listens on 443"
  }

  assert {
    condition     = aws_lb_listener.test[0].port == 8080 && aws_lb_listener.test[0].protocol == "HTTP"
    error_message = "the test listener has a port of its own"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.test : [rule.cidr_ipv4, rule.from_port]] == [["10.1.0.0/16", 8080]]
    error_message = "only the VPC reaches the test listener"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket.logs[0].bucket == "shop-dev-lb-logs-123456789012",
      aws_lb.this.access_logs[0].enabled,
      aws_lb.this.access_logs[0].bucket == aws_s3_bucket.logs[0].bucket,
      aws_s3_bucket_lifecycle_configuration.logs[0].rule[0].expiration[0].days == 30,
      aws_s3_bucket_public_access_block.logs[0].restrict_public_buckets,
    ])
    error_message = "access logs go to a private bucket, and are deleted after 30 days"
  }

  assert {
    condition     = { for statement in jsondecode(aws_s3_bucket_policy.logs[0].policy).Statement : statement.Sid => statement.Effect } == { TlsOnly = "Deny", Write = "Allow" }
    error_message = "the load balancers write, and nobody comes without TLS"
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.targets.cidr_ipv4 == "10.1.0.0/16"
    error_message = "the load balancer connects to the VPC only"
  }
}

run "https" {
  module {
    source = "../modules/load_balancer"
  }

  variables {
    certificate_arn = "arn:aws:acm:us-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    domain_name     = "api.example.com"
    nat_addresses   = ["198.51.100.7", "198.51.100.8"]
    test_cidrs      = ["203.0.113.0/24"]
    protected       = true
  }

  override_resource {
    target = aws_lb_listener.https
    values = {
      arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/443"
    }
  }

  assert {
    condition = alltrue([
      aws_lb_listener.http.default_action[0].type == "redirect",
      aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301",
      aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS",
    ])
    error_message = "HTTP redirects to HTTPS"
  }

  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "TLS 1.2 at least"
  }

  assert {
    condition = [for action in concat(aws_lb_listener.https[0].default_action, aws_lb_listener.test[0].default_action) : [action.type, action.fixed_response[0].status_code]] == [
      ["fixed-response", "404"], ["fixed-response", "404"],
    ]
    error_message = "what no rule matches is a 404 behind TLS and for testers as well"
  }

  assert {
    condition     = endswith(output.listener_arn, "/443") && output.url == "https://api.example.com"
    error_message = "services listen on HTTPS, under the certificate's name"
  }

  assert {
    condition     = aws_lb_listener.test[0].port == 8443 && aws_lb_listener.test[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "the test listener speaks TLS as well"
  }

  assert {
    condition = toset(concat(
      [for rule in aws_vpc_security_group_ingress_rule.test : rule.cidr_ipv4],
      [for rule in aws_vpc_security_group_ingress_rule.test_nat : rule.cidr_ipv4],
    )) == toset(["10.1.0.0/16", "203.0.113.0/24", "198.51.100.7/32", "198.51.100.8/32"])
    error_message = "named testers, and tasks that come through NAT, reach the test listener"
  }

  assert {
    condition     = !aws_s3_bucket.logs[0].force_destroy
    error_message = "logs of a protected environment are not deleted with it"
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection
    error_message = "a protected load balancer refuses to go"
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.public) == ["443", "80"]
    error_message = "both ports are open"
  }
}

run "a_long_name" {
  module {
    source = "../modules/load_balancer"
  }

  command = plan

  variables {
    name = "twelve-chars-sixteen-letters0-environment0"
  }

  assert {
    condition     = length(aws_lb.this.name) <= 32 && startswith(aws_lb.this.name, "twelve-chars-sixteen-let")
    error_message = "the name is cut to 32 characters"
  }

  assert {
    condition     = length(aws_s3_bucket.logs[0].bucket) <= 63
    error_message = "S3 allows 63 characters"
  }
}

run "test_listener_for_those_outside" {
  module {
    source = "../modules/load_balancer"
  }

  variables {
    test_cidrs = ["198.51.100.0/24"]
  }

  assert {
    condition     = endswith(output.test_url, ":${output.test_port}")
    error_message = "whoever is in test_cidrs has an address to ask"
  }
}

run "test_listener_for_the_vpc_alone" {
  module {
    source = "../modules/load_balancer"
  }

  variables {
    test_cidrs = []
  }

  assert {
    condition     = output.test_url == null
    error_message = "nobody outside could ask"
  }
}

run "behind_a_gateway" {
  module {
    source = "../modules/load_balancer"
  }

  command = plan

  variables {
    internal      = true
    access_logs   = false
    test_listener = false
  }

  assert {
    condition     = aws_lb.this.internal && length(aws_vpc_security_group_ingress_rule.public) == 0
    error_message = "nobody comes in from outside"
  }

  assert {
    condition     = length(aws_s3_bucket.logs) + length(aws_lb_listener.test) + length(aws_vpc_security_group_ingress_rule.test) == 0
    error_message = "nothing is left of access logs and test listener"
  }
}

run "refuses_one_subnet_and_testers_from_everywhere" {
  module {
    source = "../modules/load_balancer"
  }

  command = plan

  variables {
    subnets    = ["subnet-1"]
    test_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.subnets, var.test_cidrs]
}
