variable "full" {
  type        = string
  description = "The name as it would be without a limit."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.full))
    error_message = "full: lower-case letters, digits and inner hyphens, starting with a letter."
  }
}

variable "limit" {
  type        = number
  description = "The most characters that AWS allows for this kind of resource."

  validation {
    condition     = var.limit >= 16 && var.limit <= 255
    error_message = "limit: 16 to 255."
  }
}
