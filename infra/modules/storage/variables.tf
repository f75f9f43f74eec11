variable "account_id" {
  type        = string
  description = "Account of the buckets."
}

variable "buckets" {
  type        = map(object({ replicate = bool }))
  description = "Buckets by the name that the service gives them, and whether each is copied to another region."

  validation {
    condition     = alltrue([for name in keys(var.buckets) : can(regex("^[a-z](-?[a-z0-9])*$", name)) && length(name) <= 20])
    error_message = "buckets: names of 1 to 20 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "key_arn" {
  type        = string
  description = "KMS key of the buckets. Null: AWS's own key for S3."
  default     = null
}

variable "name" {
  type        = string
  description = "Full name of the service; every bucket's name begins with it."
}

variable "partition" {
  type        = string
  description = "AWS partition, for ARNs."
}

variable "protected" {
  type        = bool
  description = "Whether a bucket refuses to be deleted while it holds objects."
}

variable "region" {
  type        = string
  description = "Region of the buckets."
}

variable "replica_region" {
  type        = string
  description = "Region of the copies. Null: this environment keeps none."
  default     = null
}
