mock_provider "aws" {
  source = "../tests"
}

variables {
  environment = "default"
  project     = "shop"
  region      = "us-west-1"
  protected   = true
}

run "has_neither_database_nor_cache_unless_asked" {
  command = plan

  assert {
    condition     = length(module.database) == 0 && length(module.cache) == 0 && local.database == null && local.cache == null
    error_message = "they cost money: only where a class says so"
  }
}

run "tells_services_about_both" {
  variables {
    database_class         = "db.t4g.micro"
    database_rotation_days = 30
    cache_type             = "cache.t4g.micro"
    cache_nodes            = 2
  }

  assert {
    condition     = toset(keys(jsondecode(output.contract).database)) == toset(["allocated_storage", "endpoint", "engine_version", "identifier", "master_secret_arn", "max_connections", "port", "rotation", "security_group_id"])
    error_message = "what services, alarms and dashboard need to know of the database"
  }

  assert {
    condition     = toset(keys(jsondecode(output.contract).cache)) == toset(["arn", "cluster_ids", "endpoint", "name", "port", "security_group_id", "user_group_id"])
    error_message = "what services, alarms and dashboard need to know of the cache"
  }

  assert {
    condition     = jsondecode(output.contract).cache.cluster_ids == ["shop-default-001", "shop-default-002"]
    error_message = "nodes are called as ElastiCache calls them"
  }

  # AWS's function comes as a stack of its own; these parameters are all that it is told.
  assert {
    condition = alltrue([
      aws_serverlessapplicationrepository_cloudformation_stack.rotation[0].parameters["functionName"] == "shop-default-rotation",
      aws_serverlessapplicationrepository_cloudformation_stack.rotation[0].parameters["superuserSecretArn"] == jsondecode(output.contract).database.master_secret_arn,
      aws_serverlessapplicationrepository_cloudformation_stack.rotation[0].parameters["kmsKeyArn"] == jsondecode(output.contract).kms_key_arn,
      endswith(jsondecode(output.contract).database.rotation.function_arn, ":function:shop-default-rotation"),
    ])
    error_message = "the function changes passwords as the master, and services are told its name"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_ingress_rule.rotation[0].referenced_security_group_id == aws_security_group.rotation[0].id,
      { for name, rule in aws_vpc_security_group_egress_rule.rotation : name => [rule.cidr_ipv4, rule.to_port] } == {
        "Secrets Manager" = ["0.0.0.0/0", 443]
        database          = ["10.1.0.0/16", 5432]
      },
    ])
    error_message = "the function reaches the database and Secrets Manager, and nothing else"
  }

  assert {
    condition     = jsondecode(output.contract).database.rotation.days == 30
    error_message = "services are told how often their passwords change"
  }
}

run "refuses_what_makes_no_sense" {
  command = plan

  variables {
    cache_authentication   = false
    cache_nodes            = 7
    cache_snapshot_days    = 36
    cache_type             = "t4g.micro"
    database_backup_days   = 0
    database_class         = "micro"
    database_rotation_days = -1
    database_storage_max   = 20
    database_current       = "restored"
    replica_region         = "us-west-1"
  }

  expect_failures = [
    var.cache_authentication,
    var.cache_nodes,
    var.cache_snapshot_days,
    var.cache_type,
    var.database_backup_days,
    var.database_class,
    var.database_current,
    var.database_rotation_days,
    var.database_storage_max,
    var.replica_region,
  ]
}

run "refuses_what_rds_would" {
  command = plan

  variables {
    database_backup_days = 36
    database_storage     = 10
  }

  expect_failures = [var.database_backup_days, var.database_storage]
}

run "refuses_an_environment_without_an_instance" {
  command = plan

  variables {
    database_instances = {}
  }

  expect_failures = [var.database_instances]
}

run "keeps_what_it_is_given" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "twelve-chars-sixteen-letters0-production00"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.m7g.large"
    storage        = 100
    storage_max    = 500
    multi_az       = true
    key_arn        = "arn:aws:kms:us-west-1:123456789012:key/1"
  }

  assert {
    condition = alltrue([
      aws_db_instance.this["main"].engine == "postgres",
      aws_db_instance.this["main"].engine_version == "16",
      aws_db_instance.this["main"].multi_az,
      aws_db_instance.this["main"].deletion_protection,
      aws_db_instance.this["main"].backup_retention_period == 30,
      !aws_db_instance.this["main"].skip_final_snapshot,
      aws_db_instance.this["main"].final_snapshot_identifier == "twelve-chars-sixteen-letters0-production00-final",
      aws_db_instance.this["main"].delete_automated_backups == false,
      length(aws_db_instance.this["main"].restore_to_point_in_time) == 0,
    ])
    error_message = "two zones, 30 days of backups, and not deleted by accident"
  }

  assert {
    condition = alltrue([
      aws_db_instance.this["main"].storage_encrypted,
      aws_db_instance.this["main"].kms_key_id == "arn:aws:kms:us-west-1:123456789012:key/1",
      aws_db_instance.this["main"].manage_master_user_password,
      aws_db_instance.this["main"].password == null,
      !aws_db_instance.this["main"].publicly_accessible,
      { for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.value }["rds.force_ssl"] == "1",
      aws_db_parameter_group.this.family == "postgres16",
    ])
    error_message = "encrypted, private, over TLS, and the master's password is nobody's"
  }

  assert {
    condition     = aws_db_instance.this["main"].enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"]) && alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 30])
    error_message = "its logs are kept for 30 days"
  }

  assert {
    condition     = length(aws_db_instance.this["main"].identifier) <= 63 && length(aws_iam_role.monitoring.name) <= 64
    error_message = "RDS allows 63 characters, IAM 64"
  }
}

run "goes_when_nothing_is_protected" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    protected      = false
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
  }

  assert {
    condition     = !aws_db_instance.this["main"].deletion_protection && aws_db_instance.this["main"].skip_final_snapshot && aws_db_instance.this["main"].final_snapshot_identifier == null
    error_message = "an environment for trying leaves nothing behind"
  }
}

run "has_the_restored_beside_the_former" {
  module {
    source = "../modules/database"
  }

  variables {
    name           = "twelve-chars-sixteen-letters0-production00"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.m7g.large"
    storage        = 100
    storage_max    = 500
    multi_az       = true
    current        = "after"
    instances = {
      main         = {}
      after        = { source = "twelve-chars-sixteen-letters0-production00", time = "2026-03-31T23:59:59Z" }
      gone         = { source = "db-ABCDEFGHIJKL0123456789MNOP" }
      lastsnapshot = { snapshot = "twelve-chars-sixteen-letters0-production00-final" }
    }
  }

  assert {
    condition     = output.identifier == "twelve-chars-sixteen-letters0-production00-after"
    error_message = "services use the one that is current"
  }

  assert {
    condition = alltrue([
      one(aws_db_instance.this["after"].restore_to_point_in_time).source_db_instance_identifier == aws_db_instance.this["main"].identifier,
      one(aws_db_instance.this["after"].restore_to_point_in_time).restore_time == "2026-03-31T23:59:59Z",
      one(aws_db_instance.this["gone"].restore_to_point_in_time).source_dbi_resource_id == "db-ABCDEFGHIJKL0123456789MNOP",
      one(aws_db_instance.this["gone"].restore_to_point_in_time).use_latest_restorable_time,
      aws_db_instance.this["lastsnapshot"].snapshot_identifier == "twelve-chars-sixteen-letters0-production00-final",
    ])
    error_message = "as it was at a second, at the latest one, or in a snapshot"
  }

  assert {
    condition     = alltrue([for each in aws_db_instance.this : each.deletion_protection && each.backup_retention_period == 30 && each.multi_az && each.manage_master_user_password])
    error_message = "a restored database is kept as well as the first"
  }

  assert {
    condition     = alltrue([for each in aws_db_instance.this : length(each.final_snapshot_identifier) <= 63]) && length(distinct([for each in aws_db_instance.this : each.final_snapshot_identifier])) == 4
    error_message = "each has a last snapshot of its own, and RDS allows 63 characters"
  }

  assert {
    condition     = toset([for group in aws_cloudwatch_log_group.this : group.name if strcontains(group.name, "postgresql")]) == toset([for each in aws_db_instance.this : "/aws/rds/instance/${each.identifier}/postgresql"])
    error_message = "each writes its own log"
  }
}

run "an_instance_of_a_name_that_is_none" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
    instances = {
      main     = {}
      Restored = {}
    }
  }

  expect_failures = [var.instances]
}

run "an_instance_from_two_places" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
    instances = {
      main  = {}
      later = { source = "shop-dev", snapshot = "last" }
    }
  }

  expect_failures = [var.instances]
}

run "an_instance_of_a_time_of_nothing" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
    instances = {
      main  = {}
      later = { time = "2026-03-31T23:59:59Z" }
    }
  }

  expect_failures = [var.instances]
}

run "an_instance_of_a_time_that_is_none" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
    instances = {
      main  = {}
      later = { source = "shop-dev", time = "2026-03-31 23:59" }
    }
  }

  expect_failures = [var.instances]
}

run "a_current_instance_that_is_not_there" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
    instances = {
      main = {}
    }
    current = "later"
  }

  expect_failures = [var.current]
}
