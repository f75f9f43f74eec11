variable "certificate_arn" {
  type        = string
  description = "ACM certificate of the load balancer. Empty: plain HTTP only."
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn: empty or the ARN of a certificate."
  }
}

variable "cidr" {
  type        = string
  description = "Address range of the VPC, /16 to /20."
  default     = "10.1.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(cidrhost(var.cidr, 0) == split("/", var.cidr)[0], false)
    error_message = "cidr: an IPv4 range that starts at its network address, such as 10.1.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr: /16 to /20, so that every subnet has at least 251 addresses."
  }
}

variable "dns_hostnames" {
  type        = bool
  description = "Whether the VPC gives DNS host names. Private names of interface endpoints need it."
  default     = true
}

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

variable "nat" {
  type        = string
  description = "NAT gateways: none (tasks get public addresses), one (cheap), per_zone (survives the loss of a zone)."
  default     = "one"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat: none, one or per_zone."
  }
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

variable "scaling" {
  type        = bool
  description = "Whether services scale by themselves between their scale.min and scale.max."
  default     = true
}

variable "zones" {
  type        = number
  description = "How many availability zones to use, 2 or 3."
  default     = 2

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones: 2 or 3; a load balancer needs at least two."
  }
}
