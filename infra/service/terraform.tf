terraform {
  # 1.9 lets a validation look at terraform.workspace; 1.10 brought S3 lock files.
  required_version = ">= 1.10, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # Bucket, key, region and lock come from the one who runs this: they differ per environment.
  backend "s3" {}
}
