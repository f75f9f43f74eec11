variable "blue_green" {
  type        = bool
  description = "Whether there is a second target group, and CodeDeploy moves the rule between them."
  default     = false
}

variable "deregistration_delay" {
  type        = number
  description = "Seconds that a leaving task may take to finish its requests."
  default     = 30

  validation {
    condition     = var.deregistration_delay >= 30 && var.deregistration_delay <= 300
    error_message = "deregistration_delay: 30 to 300 seconds; services finish requests for 30 seconds, and a shorter delay would cut them off."
  }
}

variable "health" {
  type = object({
    path      = string
    interval  = number
    timeout   = number
    healthy   = number
    unhealthy = number
  })
  description = "Health check: path, seconds between and per check, and how many in a row decide."
}

variable "host" {
  type        = string
  description = "Host name to answer for. Empty: any."
  default     = ""
}

variable "listener_arn" {
  type        = string
  description = "Listener that gets the rule."
}

variable "name" {
  type        = string
  description = "Full name; cut to the target group's 32 characters where it is longer."
}

variable "path" {
  type        = string
  description = "Path to answer for, with everything below it. `/` or empty: all."
  default     = ""
}

variable "priority" {
  type        = number
  description = "Place of the rule among the listener's rules, lowest first."
}

variable "test_listener_arn" {
  type        = string
  description = "Listener for trying new tasks before they get traffic. Null: none."
  default     = null
}

variable "vpc_id" {
  type        = string
  description = "VPC of the tasks."
}
