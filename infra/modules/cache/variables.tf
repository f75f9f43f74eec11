variable "authentication" {
  type        = bool
  description = "Whether clients must use TLS and prove who they are. False only where nothing leaves the machine."
  default     = true

  validation {
    condition     = var.authentication || !var.protected
    error_message = "authentication: a protected environment can't go without."
  }
}

variable "key_arn" {
  type        = string
  description = "KMS key of what lies on disk. Null: AWS's own key."
  default     = null
}

variable "name" {
  type        = string
  description = "Prefix of the environment; cut to ElastiCache's 40 characters where it is longer."
}

variable "node_type" {
  type        = string
  description = "Size of a node, such as cache.t4g.micro."

  validation {
    condition     = can(regex("^cache[.][a-z0-9]+[.][a-z0-9]+$", var.node_type))
    error_message = "node_type: a type of ElastiCache such as cache.t4g.micro."
  }
}

variable "nodes" {
  type        = number
  description = "Nodes; from two on the others take over when the first fails."
  default     = 1

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 6
    error_message = "nodes: 1 to 6."
  }
}

variable "protected" {
  type        = bool
  description = "Whether the cache leaves a snapshot when it is deleted."
}

variable "snapshot_days" {
  type        = number
  description = "Days of daily snapshots."
  default     = 1

  validation {
    condition     = var.snapshot_days >= 0 && var.snapshot_days <= 35
    error_message = "snapshot_days: 0 to 35."
  }
}

variable "subnets" {
  type        = list(string)
  description = "Private subnets."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the cache."
}
