# `terraform test` runs in the workspace `default`, so that the environment is called so here.

mock_provider "aws" {
  alias  = "replica"
  source = "../tests"
}

mock_provider "aws" {
  source = "../tests"
}

variables {
  environment = "default"
  project     = "shop"
  region      = "us-west-1"
  protected   = false
  image       = "123456789012.dkr.ecr.us-west-1.amazonaws.com/shop/orders@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

  service = {
    name         = "orders"
    port         = 8000
    cpu          = 256
    memory       = 512
    architecture = "x86_64"
    stop_timeout = 45
    env          = { GREETING = "Hello" }
    health       = { path = "/health", interval = 30, timeout = 5, healthy = 2, unhealthy = 2, grace = 30 }
    route        = { path = "/orders", host = "", priority = 100 }
    scale        = { min = 1, max = 4, cpu = 70, memory = 80, requests = 1000 }
    deploy       = { strategy = "rolling", minimum_healthy_percent = 100, maximum_percent = 200 }
  }
}

# A platform with all that a service may ask for.
override_data {
  target = data.aws_ssm_parameter.platform
  values = {
    insecure_value = <<-JSON
      {
        "schema_version": 1,
        "vpc_id": "vpc-1",
        "task_subnets": ["subnet-3", "subnet-4"],
        "assign_public_ip": false,
        "listener_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2",
        "test_port": 8443,
        "test_url": "https://mock.us-west-1.elb.amazonaws.com:8443",
        "test_listener_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/0000000000000000",
        "load_balancer_arn": "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188",
        "load_balancer_security_group_id": "sg-1",
        "cluster_arn": "arn:aws:ecs:us-west-1:123456789012:cluster/shop-default",
        "cluster_name": "shop-default",
        "scaling": true,
        "alarms": true,
        "alarm_topic_arn": "arn:aws:sns:us-west-1:123456789012:shop-default-alarms",
        "kms_key_arn": "arn:aws:kms:us-west-1:123456789012:key/12345678-1234-1234-1234-123456789012",
        "log_retention": 30,
        "replica_region": "us-east-1",
        "database": {
          "endpoint": "shop-default.abc.us-west-1.rds.amazonaws.com",
          "port": 5432,
          "identifier": "shop-default",
          "master_secret_arn": "arn:aws:secretsmanager:us-west-1:123456789012:secret:rds!db-1-AbCdEf",
          "security_group_id": "sg-2",
          "rotation": { "function_arn": "arn:aws:lambda:us-west-1:123456789012:function:shop-default-rotation", "days": 30 }
        },
        "cache": {
          "endpoint": "master.shop-default.abc.usw1.cache.amazonaws.com",
          "port": 6379,
          "name": "shop-default",
          "arn": "arn:aws:elasticache:us-west-1:123456789012:replicationgroup:shop-default",
          "security_group_id": "sg-3",
          "user_group_id": "shop-default"
        },
        "url": "https://mock.us-west-1.elb.amazonaws.com"
      }
    JSON
  }
}

run "rolls_task_by_task_and_watches_alarms" {
  command = plan

  assert {
    condition     = output.codedeploy == null && keys(output.target_group_arns) == ["blue"]
    error_message = "a rolling service has neither CodeDeploy nor a second target group"
  }

  assert {
    condition     = output.alarm_names == ["shop-default-orders-errors", "shop-default-orders-latency", "shop-default-orders-unhealthy"]
    error_message = "what clients see takes a rollout back"
  }

  assert {
    condition = alltrue([
      length(output.secrets) == 0,
      length(output.buckets) == 0,
      output.migration_task_definition_arn == null,
      length(aws_elasticache_user.this) == 0,
      length(aws_vpc_security_group_ingress_rule.database) == 0,
      length(aws_vpc_security_group_ingress_rule.cache) == 0,
    ])
    error_message = "what the manifest doesn't ask for is not made, whatever the platform has"
  }

  assert {
    condition = alltrue([for group in aws_cloudwatch_log_group.this :
      group.retention_in_days == 30 && group.kms_key_id == local.contract.kms_key_arn
    ])
    error_message = "logs are kept for 30 days, under the environment's key"
  }

  assert {
    condition = { for key, group in aws_cloudwatch_log_group.this : key => group.name } == {
      app    = "/ecs/shop-default-orders"
      access = "/ecs/shop-default-orders/access"
      errors = "/ecs/shop-default-orders/errors"
    }
    error_message = "three log groups"
  }
}

run "shifts_to_a_second_group" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { strategy = "blue_green" }) })
  }

  assert {
    condition     = output.codedeploy == { application = "shop-default-orders", deployment_group = "shop-default-orders" }
    error_message = "application and group are called as the service"
  }

  assert {
    condition     = keys(output.target_group_arns) == ["blue", "green"]
    error_message = "CodeDeploy needs two target groups"
  }

  assert {
    condition     = output.test_url == "https://mock.us-west-1.elb.amazonaws.com:8443/orders"
    error_message = "new tasks are asked before they get traffic"
  }

  assert {
    condition     = toset(output.network.subnets) == toset(["subnet-3", "subnet-4"]) && !output.network.public_ip
    error_message = "a deployment brings the network along"
  }
}

run "gets_what_it_asks_for" {
  variables {
    service = merge(var.service, {
      name       = "order-desk"
      database   = { enabled = true, migrate = ["python", "-m", "orders.migrate"] }
      cache      = { enabled = true }
      buckets    = { uploads = { replicate = true }, "raw-data" = {} }
      secrets    = ["STRIPE_KEY"]
      parameters = { FLAGS = "/shop/flags" }
    })
  }

  assert {
    condition     = keys(output.secrets) == ["STRIPE_KEY", "database"]
    error_message = "a secret each, and one for the database"
  }

  assert {
    condition     = output.buckets == { uploads = "shop-default-order-desk-uploads-123456789012", raw-data = "shop-default-order-desk-raw-data-123456789012" }
    error_message = "buckets are called environment, service, bucket, account"
  }

  assert {
    condition     = module.storage.replicas == { uploads = "shop-default-order-desk-uploads-replica-123456789012" }
    error_message = "only what asks for a copy has one"
  }

  assert {
    condition = local.env == {
      BUCKET_RAW_DATA = "shop-default-order-desk-raw-data-123456789012"
      BUCKET_UPLOADS  = "shop-default-order-desk-uploads-123456789012"
      ENVIRONMENT     = "default"
      GREETING        = "Hello"
      PORT            = "8000"
      ROUTE_PATH      = "/orders"
      SERVICE_NAME    = "order-desk"
    }
    error_message = "the container is told its buckets"
  }

  assert {
    condition = local.secrets == {
      STRIPE_KEY = "arn:aws:secretsmanager:us-west-1:123456789012:secret:mock-AbCdEf"
      FLAGS      = "arn:aws:ssm:us-west-1:123456789012:parameter/shop/flags"
    }
    error_message = "values come from Secrets Manager and from Parameter Store"
  }

  assert {
    condition = local.database_secrets == tomap({
      DATABASE_HOST     = "arn:aws:secretsmanager:us-west-1:123456789012:secret:mock-AbCdEf:host::"
      DATABASE_NAME     = "arn:aws:secretsmanager:us-west-1:123456789012:secret:mock-AbCdEf:dbname::"
      DATABASE_PASSWORD = "arn:aws:secretsmanager:us-west-1:123456789012:secret:mock-AbCdEf:password::"
      DATABASE_PORT     = "arn:aws:secretsmanager:us-west-1:123456789012:secret:mock-AbCdEf:port::"
      DATABASE_USERNAME = "arn:aws:secretsmanager:us-west-1:123456789012:secret:mock-AbCdEf:username::"
    })
    error_message = "the app knows its own account on the database, and never the master's"
  }

  assert {
    condition     = local.database_env.DATABASE_INSTANCE == "shop-default"
    error_message = "another instance makes another revision, whose deploy migrates and learns the new host"
  }

  assert {
    condition     = local.database_account == tomap({ host = "shop-default.abc.us-west-1.rds.amazonaws.com", port = "5432", dbname = "order_desk", username = "order_desk" })
    error_message = "database and role are called as the service, without hyphens"
  }

  assert {
    condition = local.cache_env == tomap({
      CACHE_HOST     = "master.shop-default.abc.usw1.cache.amazonaws.com"
      CACHE_NAME     = "shop-default"
      CACHE_PORT     = "6379"
      CACHE_PREFIX   = "order-desk:"
      CACHE_USERNAME = "shop-default-order-desk"
    })
    error_message = "the app signs in to the cache as itself"
  }

  assert {
    condition = alltrue([
      aws_elasticache_user.this[0].user_id == aws_elasticache_user.this[0].user_name,
      aws_elasticache_user.this[0].access_string == "on ~order-desk:* &order-desk:* +@all -@admin -@dangerous",
      aws_elasticache_user.this[0].authentication_mode[0].type == "iam",
      aws_elasticache_user_group_association.this[0].user_group_id == "shop-default",
    ])
    error_message = "a user without a password, who touches the keys of this service only"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_ingress_rule.database[0].security_group_id == "sg-2",
      aws_vpc_security_group_ingress_rule.database[0].from_port == 5432,
      aws_vpc_security_group_ingress_rule.database[0].referenced_security_group_id == output.security_group_id,
      aws_vpc_security_group_ingress_rule.cache[0].security_group_id == "sg-3",
      aws_vpc_security_group_ingress_rule.cache[0].to_port == 6379,
    ])
    error_message = "database and cache let in the tasks of this service"
  }

  assert {
    condition = { for statement in concat(local.bucket_statements, local.cache_statements) : statement.Sid => jsonencode([statement.Action, statement.Resource]) } == {
      List       = jsonencode([["s3:GetBucketLocation", "s3:ListBucket"], ["arn:aws:s3:::mock", "arn:aws:s3:::mock"]])
      Objects    = jsonencode([["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::mock/*", "arn:aws:s3:::mock/*"]])
      ObjectsKey = jsonencode([["kms:Decrypt", "kms:GenerateDataKey"], local.contract.kms_key_arn])
      Cache      = jsonencode(["elasticache:Connect", [local.contract.cache.arn, "arn:aws:elasticache:us-west-1:123456789012:user:shop-default-order-desk"]])
    }
    error_message = "the code may use its own buckets and its own user of the cache, and no more"
  }

  assert {
    condition = { for statement in local.migration_statements : statement.Sid => jsonencode([statement.Action, statement.Resource]) } == {
      Master  = jsonencode(["secretsmanager:GetSecretValue", local.contract.database.master_secret_arn])
      Account = jsonencode([["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], module.secrets.arns["database"]])
      Key     = jsonencode([["kms:Decrypt", "kms:GenerateDataKey"], local.contract.kms_key_arn])
    }
    error_message = "the migration reads the master's secret and writes the service's own, and no more"
  }

  assert {
    condition     = !contains(values(local.secret_arns), local.contract.database.master_secret_arn)
    error_message = "the app can't read the master's secret"
  }

  assert {
    condition     = output.migration_task_definition_arn != null
    error_message = "there is a task to migrate with"
  }

  assert {
    condition     = local.waits
    error_message = "no task starts before the migration and the secrets' values"
  }
}

run "fits_with_the_longest_names" {
  command = plan

  variables {
    owner   = "twelve-chars"
    project = "sixteen-letters0"
    service = merge(var.service, {
      name     = "a-service-of-24-letters0"
      deploy   = merge(var.service.deploy, { strategy = "linear", shift = { percent = 10, minutes = 100 } })
      database = { enabled = true, migrate = ["python", "-m", "orders.migrate"] }
      cache    = { enabled = true }
      buckets  = { "bucket-of-20-letters" = { replicate = true } }
    })
  }

  assert {
    condition     = length(output.buckets["bucket-of-20-letters"]) <= 63 && length(aws_elasticache_user.this[0].user_id) <= 40
    error_message = "S3 allows 63 characters, users of ElastiCache 40"
  }

  assert {
    condition     = output.codedeploy.application == "twelve-chars-sixteen-letters0-default-a-service-of-24-letters0"
    error_message = "CodeDeploy takes the longest names"
  }
}
