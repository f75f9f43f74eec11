# The version of the stacks' lock files.
terraform {
  required_providers { aws = { source = "hashicorp/aws", version = "5.100.0" } }
}
provider "aws" {
  region     = "us-west-1"
  access_key = "000000000000"
  secret_key = "x"
  default_tags { tags = { Project = "case" } }
}
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
