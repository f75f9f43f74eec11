variable "architecture" {
  type        = string
  description = "x86_64 or arm64."
}

variable "command" {
  type        = list(string)
  description = "What to run instead of the image's own command. Empty: that one."
  default     = []
}

variable "cpu" {
  type        = number
  description = "CPU units; 1024 are one vCPU."
}

variable "drain" {
  type        = number
  description = "Seconds that a leaving task may take to finish its requests: the target group's deregistration delay."
  default     = 30
}

variable "env" {
  type        = map(string)
  description = "Environment variables."
}

variable "exec" {
  type        = bool
  description = "Whether ECS Exec is to work: its agent writes to three folders, which become volumes."
  default     = false
}

variable "execution_role_arn" {
  type        = string
  description = "Role of the ECS agent."
}

variable "family" {
  type        = string
  description = "Family of the task definition."
}

variable "health" {
  type = object({
    path      = string
    interval  = number
    timeout   = number
    unhealthy = number
    grace     = number
  })
  description = "Health check: path, seconds between and per check, failures that decide, and seconds to start. Needed where there is a port."
  default     = null
}

variable "image" {
  type        = string
  description = "Image by digest."
}

variable "labels" {
  type        = map(string)
  description = "Labels of the container: what a revision says about itself."
  default     = {}
}

variable "log_group" {
  type        = string
  description = "Log group of the container."
}

variable "log_prefix" {
  type        = string
  description = "What the names of the log streams begin with."
  default     = "app"
}

variable "memory" {
  type        = number
  description = "Memory in MiB."
}

variable "port" {
  type        = number
  description = "Port that the container listens on. Null: a task that serves nobody and ends by itself."
  default     = null
}

variable "region" {
  type        = string
  description = "Region of the log group."
}

variable "secrets" {
  type        = map(string)
  description = "Environment variables from secrets: where each is kept (an ARN of Secrets Manager, with `:key::` for one key of JSON, or of a parameter)."
  default     = {}
}

variable "stop_timeout" {
  type        = number
  description = "Seconds between SIGTERM and SIGKILL."

  validation {
    condition     = var.stop_timeout >= 2 && var.stop_timeout <= 120
    error_message = "stop_timeout: 2 to 120 seconds; Fargate waits no longer."
  }
}

variable "task_role_arn" {
  type        = string
  description = "Role of the service's own code."
}
