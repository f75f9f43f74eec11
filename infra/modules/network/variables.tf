variable "account_id" {
  type        = string
  description = "Account of the VPC: only its flow logs may be written by the role for them."
}

variable "cidr" {
  type        = string
  description = "Address range of the VPC. Every subnet gets a sixteenth of it."
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
  description = "Whether the VPC gives DNS host names. Names of services and of interface endpoints need it."
  default     = true
}

variable "flow_logs" {
  type        = bool
  description = "Whether to log every connection, accepted or not."
  default     = true
}

variable "interface_endpoints" {
  type        = bool
  description = "Whether tasks reach the registry, logs, secrets and parameters without the internet, at a price per zone and hour each."
  default     = false

  validation {
    condition     = !var.interface_endpoints || var.dns_hostnames
    error_message = "interface_endpoints: their private names need dns_hostnames = true."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "Key of the flow logs. Null: AWS's own."
  default     = null
}

variable "log_retention" {
  type        = number
  description = "Days that flow logs are kept."
  default     = 30
}

variable "name" {
  type        = string
  description = "Prefix of every name."
}

variable "nat" {
  type        = string
  description = "NAT gateways: none (tasks get public addresses unless there are interface endpoints), one (cheap), per_zone (survives the loss of a zone)."
  default     = "one"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat: none, one or per_zone."
  }
}

variable "network_acls" {
  type        = bool
  description = "Whether network ACLs stand behind the security groups."
  default     = true
}

variable "region" {
  type        = string
  description = "Region, for the names of endpoints."
}

variable "reserved_cidrs" {
  type        = list(string)
  description = "Ranges of other networks that this one may be connected with one day: it must not overlap them."
  default     = []

  validation {
    condition     = alltrue([for range in var.reserved_cidrs : can(cidrnetmask(range))])
    error_message = "reserved_cidrs: IPv4 ranges such as 10.2.0.0/16."
  }

  # Two ranges overlap where they are the same network at the shorter of the two prefixes.
  validation {
    condition = alltrue([for range in var.reserved_cidrs : try(
      cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", var.cidr)[1])}", 0) !=
      cidrhost("${split("/", var.cidr)[0]}/${min(split("/", range)[1], split("/", var.cidr)[1])}", 0),
      true,
    )])
    error_message = "cidr, reserved_cidrs: ${var.cidr} overlaps a range that is taken."
  }
}

variable "zones" {
  type        = number
  description = "How many availability zones to use. A load balancer needs two."
  default     = 2

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones: 2 or 3; a load balancer needs at least two."
  }
}
