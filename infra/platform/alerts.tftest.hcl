# What is told, and what is shown.

mock_provider "aws" {
  source = "../tests"
}

variables {
  name          = "shop-default"
  account_id    = "123456789012"
  region        = "us-west-1"
  environment   = "default"
  cluster_arn   = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-default"
  cluster_name  = "shop-default"
  load_balancer = "app/shop-default/50dc6c495c0c9188"
  url           = "https://api.example.com"
}

run "tells_of_what_services_share" {
  module {
    source = "../modules/alerts"
  }

  variables {
    emails   = ["oncall@example.com"]
    database = { identifier = "shop-default", allocated_storage = 20 }
    cache    = { cluster_ids = ["shop-default-001", "shop-default-002"] }
  }

  assert {
    condition     = aws_sns_topic.this.name == "shop-default-alarms" && aws_sns_topic_subscription.email["oncall@example.com"].protocol == "email"
    error_message = "one topic, and mails to those named"
  }

  assert {
    condition = { for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Sid => statement.Condition } == {
      AlarmsAndEvents = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
      TlsOnly         = { Bool = { "aws:SecureTransport" = "false" } }
    }
    error_message = "only this account's alarms and events are told"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.database : name => [alarm.metric_name, alarm.comparison_operator, alarm.threshold] } == {
      connections = ["DatabaseConnections", "GreaterThanThreshold", 80]
      cpu         = ["CPUUtilization", "GreaterThanThreshold", 80]
      memory      = ["FreeableMemory", "LessThanThreshold", 107374182.4]
      storage     = ["FreeStorageSpace", "LessThanThreshold", 3221225472]
    }
    error_message = "the database's alarms; 15 % of 20 GB are 3 GB"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.cache) == 6 && aws_cloudwatch_metric_alarm.cache["shop-default-002-memory"].dimensions == tomap({ CacheClusterId = "shop-default-002" })
    error_message = "each node of the cache has alarms"
  }

  assert {
    condition = alltrue([for alarm in concat([aws_cloudwatch_metric_alarm.unavailable], values(aws_cloudwatch_metric_alarm.database), values(aws_cloudwatch_metric_alarm.cache)) :
      alarm.treat_missing_data == "notBreaching" && alarm.alarm_actions == toset([aws_sns_topic.this.arn]) && startswith(alarm.alarm_name, "shop-default-")
    ])
    error_message = "every alarm is told, and silence is no alarm"
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["deployments"].event_pattern) == {
      source      = ["aws.ecs"]
      detail-type = ["ECS Deployment State Change"]
      resources   = [{ prefix = "arn:aws:ecs:us-west-1:123456789012:service/shop-default/" }]
      detail      = { eventName = ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"] }
    }
    error_message = "deployments of this cluster that ended"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["shifts"].event_pattern).detail.application == [{ prefix = "shop-default-" }]
    error_message = "blue/green deployments of this environment"
  }
}

run "shows_all_of_it" {
  module {
    source = "../modules/dashboard"
  }

  variables {
    alarm_arns      = ["arn:aws:cloudwatch:us-west-1:123456789012:alarm:shop-default-unavailable"]
    nat_gateway_ids = ["nat-1", "nat-2"]
    database        = { identifier = "shop-default" }
    cache           = { cluster_ids = ["shop-default-001", "shop-default-002"] }
  }

  assert {
    condition = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.markdown if widget.type == "text" && widget.y > 0] == [
      "## What clients see", "## By service", "## Tasks", "## Database", "## Cache", "## Ways out",
    ]
    error_message = "rows in the order in which one looks"
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.x >= 0 && widget.x + widget.width <= 24 && floor(widget.width) == widget.width])
    error_message = "24 columns, and whole ones"
  }

  # Every cell of the grid belongs to one widget at most.
  assert {
    condition = length(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
      [for y in range(widget.height) : [for x in range(widget.width) : "${widget.x + x}/${widget.y + y}"]]
      ])) == length(distinct(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
        [for y in range(widget.height) : [for x in range(widget.width) : "${widget.x + x}/${widget.y + y}"]]
    ])))
    error_message = "two widgets lie on top of each other"
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "$${PROP('Dim.ServiceName')}") && !strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "null")
    error_message = "services are found by search; nothing in it is null"
  }
}

run "shows_no_row_for_what_is_not_there" {
  module {
    source = "../modules/dashboard"
  }

  command = plan

  assert {
    condition = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.type if !contains(["metric", "text"], widget.type)] == [] && [
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.markdown if widget.type == "text" && widget.y > 0
    ] == ["## What clients see", "## By service", "## Tasks"]
    error_message = "without database, cache, NAT and alarms there are no rows for them"
  }
}
