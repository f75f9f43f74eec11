variable "architecture" {
  type        = string
  description = "x86_64 or arm64."
}

variable "cpu" {
  type        = number
  description = "CPU units; 1024 are one vCPU."
}

variable "env" {
  type        = map(string)
  description = "Environment variables."
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
  description = "Health check: path, seconds between and per check, failures that decide, and seconds to start."
}

variable "image" {
  type        = string
  description = "Image by digest."
}

variable "log_group" {
  type        = string
  description = "Log group of the container."
}

variable "memory" {
  type        = number
  description = "Memory in MiB."
}

variable "port" {
  type        = number
  description = "Port that the container listens on."
}

variable "region" {
  type        = string
  description = "Region of the log group."
}

variable "stop_timeout" {
  type        = number
  description = "Seconds between SIGTERM and SIGKILL."
}

variable "task_role_arn" {
  type        = string
  description = "Role of the service's own code."
}
