variable "key_arn" {
  type        = string
  description = "KMS key. Null: AWS's own key for S3."
  default     = null
}

variable "name" {
  type        = string
  description = "Name of the bucket, unique in all of AWS."

  validation {
    condition     = length(var.name) <= 63
    error_message = "name: S3 allows 63 characters."
  }
}

variable "protected" {
  type        = bool
  description = "Whether the bucket refuses to be deleted while it holds objects."
}
