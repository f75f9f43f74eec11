variable "account_id" {
  type        = string
  description = "Account of the environment: only its alarms and events may write to the topic."
}

variable "cache" {
  type        = object({ cluster_ids = list(string) })
  description = "Nodes of the cache. Null: there is none."
  default     = null
}

variable "cluster_arn" {
  type        = string
  description = "Cluster whose deployments are told of."
}

variable "database" {
  type        = object({ identifier = string, allocated_storage = number })
  description = "The database and its storage in GB. Null: there is none."
  default     = null
}

variable "emails" {
  type        = list(string)
  description = "Who gets a mail; each has to confirm once."
  default     = []

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", email))])
    error_message = "emails: addresses such as oncall@example.com."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "Key of the topic. Null: it is not encrypted at rest, for AWS's own key doesn't let alarms in."
  default     = null
}

variable "load_balancer" {
  type        = string
  description = "Load balancer as CloudWatch calls it (app/name/id)."
}

variable "name" {
  type        = string
  description = "Prefix of the environment."
}
