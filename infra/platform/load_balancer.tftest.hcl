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
    condition     = endswith(output.listener_arn, "/443") && startswith(output.url, "https://")
    error_message = "services listen on HTTPS"
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
    name = "twelve-chars-sixteen-letters0-production"
  }

  assert {
    condition     = length(aws_lb.this.name) <= 32 && startswith(aws_lb.this.name, "twelve-chars-sixteen-let")
    error_message = "the name is cut to 32 characters"
  }
}

run "refuses_one_subnet" {
  module {
    source = "../modules/load_balancer"
  }

  command = plan

  variables {
    subnets = ["subnet-1"]
  }

  expect_failures = [var.subnets]
}
