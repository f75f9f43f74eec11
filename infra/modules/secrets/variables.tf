variable "key_arn" {
  type        = string
  description = "KMS key. Null: AWS's own key for secrets."
  default     = null
}

variable "placeholders" {
  type        = map(string)
  description = "What each secret holds until it gets its value, by the last part of its name."

  validation {
    condition     = alltrue([for name in keys(var.placeholders) : can(regex("^[A-Za-z][A-Za-z0-9_-]{0,63}$", name))])
    error_message = "placeholders: names of 1 to 64 letters, digits, underscores and hyphens, beginning with a letter."
  }
}

variable "prefix" {
  type        = string
  description = "What the names begin with, without a slash at the end: environment/service."
}

variable "protected" {
  type        = bool
  description = "Whether a deleted secret can be had back for 30 days."
}

variable "rotation" {
  type        = map(object({ function_arn = string, days = number }))
  description = "Which secrets get a new value by themselves: the function that does it, and every how many days."
  default     = {}

  validation {
    condition     = alltrue([for rule in values(var.rotation) : rule.days >= 1 && rule.days <= 90])
    error_message = "rotation: every 1 to 90 days."
  }
}
