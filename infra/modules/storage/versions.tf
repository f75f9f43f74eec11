terraform {
  required_version = ">= 1.10, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"

      # The region of the copies; the same as the first where there are none.
      configuration_aliases = [aws.replica]
    }
  }
}
