variable "environment" {
  type        = string
  description = "Environment; must be the selected workspace."

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])+$", var.environment)) && length(var.environment) <= 12
    error_message = "environment: 2 to 12 lower-case letters, digits and single hyphens, beginning with a letter."
  }

  validation {
    condition     = terraform.workspace == var.environment
    error_message = "environment: \"${var.environment}\" is not the selected workspace, \"${terraform.workspace}\"; this state belongs to another environment."
  }
}

variable "github_oidc_provider" {
  type        = bool
  description = "Whether GitHub Actions may sign in to this account. Only one stack of an account may say so."
  default     = false
}

variable "owner" {
  type        = string
  description = "Who owns this in a shared AWS account; enters every name. Empty: nobody else is there."
  default     = ""

  validation {
    condition     = can(regex("^([a-z](-?[a-z0-9])*)?$", var.owner)) && length(var.owner) <= 12
    error_message = "owner: empty, or 1 to 12 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "project" {
  type        = string
  description = "Project; enters every name."

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])+$", var.project)) && length(var.project) <= 16
    error_message = "project: 2 to 16 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "protected" {
  type        = bool
  description = "Whether what holds data or traffic refuses to be deleted."
}

variable "region" {
  type        = string
  description = "AWS region."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: the name of an AWS region, such as us-west-1."
  }
}

variable "services" {
  type        = list(string)
  description = "Names of the services; a repository each."

  validation {
    condition     = alltrue([for name in var.services : can(regex("^[a-z](-?[a-z0-9])+$", name)) && length(name) <= 24])
    error_message = "services: 2 to 24 lower-case letters, digits and single hyphens each, beginning with a letter."
  }

  validation {
    condition     = length(distinct(var.services)) == length(var.services)
    error_message = "services: the same name twice."
  }
}
