# Answers of the mocked provider, shaped like AWS's own: the real provider checks the shape of an
# ARN that one resource gives to the next.

mock_data "aws_availability_zones" {
  defaults = {
    names = ["us-west-1a", "us-west-1b", "us-west-1c"]
  }
}

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}

mock_data "aws_partition" {
  defaults = {
    partition = "aws"
  }
}

# The contract that a platform of the project `shop` in the environment `default` gives.
mock_data "aws_ssm_parameter" {
  defaults = {
    insecure_value = <<-JSON
      {
        "schema_version": 1,
        "vpc_id": "vpc-1",
        "private_subnets": ["subnet-3", "subnet-4"],
        "public_subnets": ["subnet-1", "subnet-2"],
        "task_subnets": ["subnet-3", "subnet-4"],
        "assign_public_ip": false,
        "listener_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2",
        "load_balancer_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188",
        "load_balancer_dns": "mock.us-west-1.elb.amazonaws.com",
        "load_balancer_security_group_id": "sg-1",
        "cluster_arn": "arn:aws:ecs:us-west-1:123456789012:cluster/shop-default",
        "cluster_name": "shop-default",
        "namespace": { "id": "ns-1", "name": "shop-default.internal" },
        "callers_security_group_id": "sg-callers",
        "scaling": true,
        "url": "http://mock.us-west-1.elb.amazonaws.com"
      }
    JSON
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn_suffix = "app/mock/50dc6c495c0c9188"
    arn        = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188"
    dns_name   = "mock.us-west-1.elb.amazonaws.com"
  }
}

mock_resource "aws_lb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
    arn_suffix = "targetgroup/mock/73e2d6bc24d8a067"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:us-west-1:123456789012:log-group:mock"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mock"
  }
}

mock_resource "aws_ecs_cluster" {
  defaults = {
    arn = "arn:aws:ecs:us-west-1:123456789012:cluster/mock"
  }
}

mock_resource "aws_ecs_task_definition" {
  defaults = {
    arn = "arn:aws:ecs:us-west-1:123456789012:task-definition/mock:1"
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn = "arn:aws:kms:us-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:us-west-1:123456789012:mock"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    arn = "arn:aws:s3:::mock"
  }
}

mock_resource "aws_iam_policy" {
  defaults = {
    arn = "arn:aws:iam::123456789012:policy/mock"
  }
}

mock_resource "aws_iam_openid_connect_provider" {
  defaults = {
    arn = "arn:aws:iam::123456789012:oidc-provider/mock"
  }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = {
    arn = "arn:aws:wafv2:us-west-1:123456789012:regional/webacl/mock/12345678-1234-1234-1234-123456789012"
  }
}

mock_resource "aws_eip" {
  defaults = {
    public_ip = "198.51.100.7"
  }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    api_endpoint = "https://mock.execute-api.us-west-1.amazonaws.com"
  }
}

mock_resource "aws_scheduler_schedule_group" {
  defaults = {
    arn = "arn:aws:scheduler:us-west-1:123456789012:schedule-group/mock"
  }
}

mock_resource "aws_service_discovery_service" {
  defaults = {
    arn = "arn:aws:servicediscovery:us-west-1:123456789012:service/srv-mock"
  }
}
