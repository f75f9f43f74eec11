variable "cluster_name" {
  type        = string
  description = "Cluster of the service."
}

variable "cpu" {
  type        = number
  description = "Average CPU to aim at, in percent."
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

variable "resource_label" {
  type        = string
  description = "Load balancer and target group as CloudWatch names them: app/…/targetgroup/…"
}

variable "service_name" {
  type        = string
  description = "The service to scale."
}
