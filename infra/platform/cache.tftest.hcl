mock_provider "aws" {
  source = "../tests"
}

variables {
  name      = "twelve-chars-sixteen-letters0-production00"
  vpc_id    = "vpc-1"
  subnets   = ["subnet-1", "subnet-2"]
  node_type = "cache.t4g.micro"
  nodes     = 2
  key_arn   = "arn:aws:kms:us-west-1:123456789012:key/1"
  protected = true
}

run "survives_the_loss_of_a_zone" {
  module {
    source = "../modules/cache"
  }

  command = plan

  assert {
    condition = alltrue([
      aws_elasticache_replication_group.this.engine_version == "7.1",
      aws_elasticache_replication_group.this.automatic_failover_enabled,
      aws_elasticache_replication_group.this.multi_az_enabled,
      aws_elasticache_replication_group.this.num_cache_clusters == 2,
      aws_elasticache_replication_group.this.final_snapshot_identifier != null,
    ])
    error_message = "the other node takes over"
  }

  assert {
    condition = alltrue([
      tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled),
      aws_elasticache_replication_group.this.kms_key_id == "arn:aws:kms:us-west-1:123456789012:key/1",
      aws_elasticache_replication_group.this.transit_encryption_enabled,
      aws_elasticache_replication_group.this.transit_encryption_mode == "required",
      aws_elasticache_replication_group.this.auth_token == null,
    ])
    error_message = "encrypted both ways, without a token that Terraform would keep"
  }

  assert {
    condition     = aws_elasticache_user.default[0].user_name == "default" && aws_elasticache_user.default[0].access_string == "off ~* -@all"
    error_message = "who gives no name may do nothing"
  }

  assert {
    condition = alltrue([
      length(aws_elasticache_replication_group.this.replication_group_id) <= 40,
      length(aws_elasticache_user_group.this[0].user_group_id) <= 40,
      length(aws_elasticache_user.default[0].user_id) <= 40,
      output.cluster_ids == ["${aws_elasticache_replication_group.this.replication_group_id}-001", "${aws_elasticache_replication_group.this.replication_group_id}-002"],
    ])
    error_message = "ElastiCache allows 40 characters"
  }
}

run "one_node_alone" {
  module {
    source = "../modules/cache"
  }

  command = plan

  variables {
    name           = "shop-dev"
    nodes          = 1
    protected      = false
    authentication = false
  }

  assert {
    condition = alltrue([
      !aws_elasticache_replication_group.this.automatic_failover_enabled,
      length(aws_elasticache_user_group.this) == 0,
      output.user_group_id == null,
    ])
    error_message = "nobody to take over, nobody to ask for names"
  }
}

run "refuses_an_open_cache_where_it_matters" {
  module {
    source = "../modules/cache"
  }

  command = plan

  variables {
    authentication = false
  }

  expect_failures = [var.authentication]
}
