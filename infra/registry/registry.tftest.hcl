# `terraform test` runs in the workspace `default`, so that the environment is called so here.

mock_provider "aws" {
  source = "../tests"
}

variables {
  environment = "default"
  project     = "shop"
  region      = "us-west-1"
  protected   = false
  services    = ["orders", "payments"]
}

run "a_repository_per_service" {
  assert {
    condition     = keys(output.repositories) == ["orders", "payments"]
    error_message = "every service has a repository URL"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "nobody is believed who wasn't asked for"
  }
}

run "no_service_yet" {
  variables {
    github_oidc_provider = true
    services             = []
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "GitHub's tokens for AWS are believed where it is asked for"
  }

  assert {
    condition     = length(output.repositories) == 0
    error_message = "an empty checkout has no repositories"
  }
}

run "refuses_what_makes_no_sense" {
  command = plan

  variables {
    environment = "prod"
    owner       = "thirteen-char"
    project     = "Shop"
    region      = "california"
    services    = ["orders", "orders"]
  }

  expect_failures = [var.environment, var.owner, var.project, var.region, var.services]
}

run "refuses_a_name_too_long" {
  command = plan

  variables {
    services = ["a-service-of-25-letters-x"]
  }

  expect_failures = [var.services]
}

run "keeps_images_as_they_were_pushed" {
  module {
    source = "../modules/registry"
  }

  command = plan

  variables {
    name    = "acme-shop/orders"
    service = "orders"
  }

  assert {
    condition = alltrue([
      aws_ecr_repository.this.name == "acme-shop/orders",
      aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE",
      aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push,
      aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS",
      aws_ecr_repository.this.force_delete,
    ])
    error_message = "tags can't be moved, images are scanned and encrypted"
  }

  assert {
    condition = [
      for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules :
      [rule.selection.tagStatus, try(rule.selection.tagPrefixList[0], "-"), rule.selection.countType, rule.selection.countNumber]
      ] == [
      ["tagged", "release-", "imageCountMoreThan", 10000],
      ["tagged", "sbom-", "imageCountMoreThan", 10000],
      ["untagged", "-", "sinceImagePushed", 1],
      ["any", "-", "imageCountMoreThan", 20],
    ]
    error_message = "images of releases stay and so do SBOMs, untagged ones go after a day, all others after the tenth, each with its SBOM"
  }
}

run "a_protected_repository_is_not_emptied" {
  module {
    source = "../modules/registry"
  }

  command = plan

  variables {
    name      = "acme-shop/orders"
    service   = "orders"
    protected = true
  }

  assert {
    condition     = !aws_ecr_repository.this.force_delete
    error_message = "images of a protected registry are not deleted with it"
  }
}
