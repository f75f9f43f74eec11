mock_provider "aws" {
  source = "../tests"
}

run "counts_its_tasks" {
  module {
    source = "../modules/cluster"
  }

  variables {
    name = "twelve-chars-sixteen-letters0-environment0"
  }

  # The alarm on missing tasks and the dashboard read what Container Insights writes.
  assert {
    condition     = one(aws_ecs_cluster.this.setting).name == "containerInsights" && one(aws_ecs_cluster.this.setting).value == "enabled"
    error_message = "the cluster counts desired and running tasks"
  }

  assert {
    condition     = aws_ecs_cluster_capacity_providers.this.capacity_providers == toset(["FARGATE"])
    error_message = "Fargate, and no machines of our own"
  }

  assert {
    condition     = output.name == "twelve-chars-sixteen-letters0-environment0" && length(output.name) <= 255
    error_message = "the cluster is called as the environment"
  }
}
