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
  description = "Whether the VPC gives DNS host names. Private names of interface endpoints need it."
  default     = true
}

variable "name" {
  type        = string
  description = "Prefix of every name."
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

variable "region" {
  type        = string
  description = "Region, for the names of endpoints."
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
