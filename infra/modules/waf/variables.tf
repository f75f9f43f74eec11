variable "kms_key_arn" {
  type        = string
  description = "Key of the log. Null: AWS's own."
  default     = null
}

variable "load_balancer_arn" {
  type        = string
  description = "Load balancer to guard."
}

variable "log_retention" {
  type        = number
  description = "Days that the log is kept."
}

variable "name" {
  type        = string
  description = "Full name."
}

variable "rate" {
  type        = number
  description = "Requests from one address within 5 minutes that are let through."

  validation {
    condition     = var.rate >= 100
    error_message = "rate: at least 100."
  }
}
