variable "cluster_name" {
  type        = string
  description = "Cluster of the service."
}

variable "cpu" {
  type        = number
  description = "Average CPU to aim at, in percent."
}

variable "load_balancer" {
  type        = string
  description = "Load balancer as CloudWatch names it: app/…"
}

variable "max" {
  type        = number
  description = "Most tasks."
}

variable "memory" {
  type        = number
  description = "Average memory to aim at, in percent."
}

variable "min" {
  type        = number
  description = "Fewest tasks."
}

variable "requests" {
  type        = number
  description = "Requests per minute and task to aim at."
}

variable "service_name" {
  type        = string
  description = "The service to scale."
}

variable "target_groups" {
  type        = map(string)
  description = "Target groups as CloudWatch names them, targetgroup/…, by a lower-case word. Two under CodeDeploy."

  validation {
    condition     = contains([1, 2], length(var.target_groups))
    error_message = "target_groups: one, or two under CodeDeploy."
  }
}
