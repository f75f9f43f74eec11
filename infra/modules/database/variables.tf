variable "account_id" {
  type        = string
  description = "Account of the database."
}

variable "backup_days" {
  type        = number
  description = "Days of daily backups, and how far back a point in time may be restored."
  default     = 30

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 35
    error_message = "backup_days: 0 to 35."
  }

  validation {
    condition     = !var.protected || var.backup_days >= 1
    error_message = "backup_days: a protected environment keeps backups for at least a day."
  }
}

variable "current" {
  type        = string
  description = "Which of the instances is the environment's."
  default     = "main"

  validation {
    condition     = contains(keys(var.instances), var.current)
    error_message = "current: one of instances (${join(", ", keys(var.instances))})."
  }
}

variable "instance_class" {
  type        = string
  description = "Size, such as db.t4g.micro."

  validation {
    condition     = can(regex("^db[.][a-z0-9]+[.][a-z0-9]+$", var.instance_class))
    error_message = "instance_class: a class of RDS such as db.t4g.micro."
  }
}

variable "instances" {
  type = map(object({
    snapshot = optional(string)
    source   = optional(string)
    time     = optional(string)
  }))
  description = "Instances by name: main is called like the environment, another <name>-<key>. A new one begins empty, from a snapshot, or as source (an instance, or the resource id of one that is gone) was at a time, by default the latest. Counts when it is made, not later."
  default     = { main = {} }

  validation {
    condition     = alltrue([for key in keys(var.instances) : can(regex("^[a-z][a-z0-9]{0,11}$", key))])
    error_message = "instances: names of 1 to 12 lower case letters and digits, beginning with a letter."
  }

  validation {
    condition     = alltrue([for each in values(var.instances) : each.snapshot == null || each.source == null])
    error_message = "instances: from a snapshot or from a source, not both."
  }

  validation {
    condition     = alltrue([for each in values(var.instances) : each.time == null || each.source != null])
    error_message = "instances: a time needs the source whose time it is."
  }

  validation {
    condition     = alltrue([for each in values(var.instances) : each.time == null || can(regex("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$", each.time))])
    error_message = "instances: time in UTC to the second, such as 2026-03-31T23:59:59Z."
  }
}

variable "key_arn" {
  type        = string
  description = "KMS key of data, backups, logs and the master secret. Null: AWS's own keys."
  default     = null
}

variable "log_retention" {
  type        = number
  description = "Days that logs are kept."
  default     = 30
}

variable "multi_az" {
  type        = bool
  description = "Whether a standby in another zone takes over when the first fails."
}

variable "name" {
  type        = string
  description = "Prefix of the environment: the instance's identifier."

  validation {
    condition     = length(var.name) <= 44
    error_message = "name: at most 44 characters; a last snapshot is called name-key-final, and RDS allows 63."
  }
}

variable "partition" {
  type        = string
  description = "AWS partition, for ARNs."
  default     = "aws"
}

variable "protected" {
  type        = bool
  description = "Whether the database refuses to be deleted, and leaves a snapshot when it is."
}

variable "storage" {
  type        = number
  description = "Storage to begin with, GiB."

  validation {
    condition     = var.storage >= 20 && var.storage <= 65536
    error_message = "storage: 20 to 65536 GiB."
  }
}

variable "storage_max" {
  type        = number
  description = "How far storage grows by itself, GiB."

  validation {
    condition     = var.storage_max >= ceil(var.storage * 1.1)
    error_message = "storage_max: at least a tenth more than storage, or RDS refuses to let it grow."
  }
}

variable "subnets" {
  type        = list(string)
  description = "Private subnets in at least two zones."

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "subnets: RDS asks for subnets in at least two zones."
  }
}

variable "vpc_id" {
  type        = string
  description = "VPC of the database."
}
