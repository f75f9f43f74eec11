variable "name" {
  type        = string
  description = "Name of the repository."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$", var.name)) && length(var.name) <= 256
    error_message = "name: project/service, at most 256 characters."
  }
}

variable "protected" {
  type        = bool
  description = "Whether the repository refuses to be deleted while it holds images."
}

variable "service" {
  type        = string
  description = "The service whose images these are, for the tag."
}
