variable "cache_authentication" {
  type        = bool
  description = "Whether the cache asks for TLS and for who you are. False only where nothing leaves the machine."
  default     = true

  validation {
    condition     = var.cache_authentication || !var.protected
    error_message = "cache_authentication: a protected environment can't go without."
  }
}

variable "cache_nodes" {
  type        = number
  description = "Nodes of the cache; from two on, in as many zones, the others take over when the first fails."
  default     = 1

  validation {
    condition     = var.cache_nodes >= 1 && var.cache_nodes <= 6
    error_message = "cache_nodes: 1 to 6."
  }
}

variable "cache_snapshot_days" {
  type        = number
  description = "Days that the cache's daily snapshots are kept; 0: none."
  default     = 1

  validation {
    condition     = var.cache_snapshot_days >= 0 && var.cache_snapshot_days <= 35
    error_message = "cache_snapshot_days: 0 to 35."
  }
}

variable "cache_type" {
  type        = string
  description = "Node type of the cache, such as cache.t4g.micro. Empty: no cache."
  default     = ""

  validation {
    condition     = var.cache_type == "" || can(regex("^cache[.][a-z0-9]+[.][a-z0-9]+$", var.cache_type))
    error_message = "cache_type: empty, or a type of ElastiCache such as cache.t4g.micro."
  }
}

variable "database_backup_days" {
  type        = number
  description = "Days of the database's backups, and how far back a point in time may be restored."
  default     = 30

  validation {
    condition     = var.database_backup_days >= 0 && var.database_backup_days <= 35
    error_message = "database_backup_days: 0 to 35."
  }

  validation {
    condition     = var.database_backup_days >= 1 || !var.protected
    error_message = "database_backup_days: a protected environment keeps backups for at least a day."
  }
}

variable "database_class" {
  type        = string
  description = "Instance class of PostgreSQL, such as db.t4g.micro. Empty: no database."
  default     = ""

  validation {
    condition     = var.database_class == "" || can(regex("^db[.][a-z0-9]+[.][a-z0-9]+$", var.database_class))
    error_message = "database_class: empty, or a class of RDS such as db.t4g.micro."
  }
}

variable "database_current" {
  type        = string
  description = "Which of database_instances services use."
  default     = "main"

  validation {
    condition     = contains(keys(var.database_instances), var.database_current)
    error_message = "database_current: one of database_instances (${join(", ", keys(var.database_instances))})."
  }
}

variable "database_instances" {
  type = map(object({
    snapshot = optional(string)
    source   = optional(string)
    time     = optional(string)
  }))
  description = "Instances of the database by name, and what each began with: docs/runbooks/recovery.md."
  default     = { main = {} }

  # What each has to look like is told by the module database.
  validation {
    condition     = length(var.database_instances) >= 1 && length(var.database_instances) <= 3
    error_message = "database_instances: one, and another or two for as long as a recovery takes."
  }
}

variable "database_multi_az" {
  type        = bool
  description = "Whether a standby of the database in another zone takes over when the first fails."
  default     = false
}

variable "database_rotation_days" {
  type        = number
  description = "Every how many days services get new database passwords; 0: never. Tasks must be younger than twice that."
  default     = 0

  validation {
    condition     = var.database_rotation_days >= 0 && var.database_rotation_days <= 90
    error_message = "database_rotation_days: 0 to 90."
  }
}

variable "database_storage" {
  type        = number
  description = "Storage of the database to begin with, GiB."
  default     = 20

  validation {
    condition     = var.database_storage >= 20 && var.database_storage <= 65536
    error_message = "database_storage: 20 to 65536 GiB."
  }
}

variable "database_storage_max" {
  type        = number
  description = "How far the database's storage grows by itself, GiB."
  default     = 100

  validation {
    condition     = var.database_storage_max >= ceil(var.database_storage * 1.1)
    error_message = "database_storage_max: at least a tenth more than database_storage."
  }
}

variable "replica_region" {
  type        = string
  description = "Region of the copies of buckets that ask for them. Empty: none do."
  default     = ""

  validation {
    condition     = var.replica_region == "" || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.replica_region)) && var.replica_region != var.region
    error_message = "replica_region: empty, or the name of another AWS region than the environment's own."
  }
}
