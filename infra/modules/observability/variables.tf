variable "cluster_name" {
  type        = string
  description = "Cluster of the service."
}

variable "load_balancer_arn" {
  type        = string
  description = "Load balancer in front of the service."

  validation {
    condition     = can(regex(":loadbalancer/app/", var.load_balancer_arn))
    error_message = "load_balancer_arn: the ARN of an application load balancer."
  }
}

variable "minimum_running" {
  type        = number
  description = "scale.min of the service. Where it is 0, the service may sleep and nobody is told of it."
  default     = 1
}

variable "name" {
  type        = string
  description = "Name of the service with its prefix; every alarm's name begins with it."
}

variable "service_name" {
  type        = string
  description = "Name of the ECS service."
}

variable "target_groups" {
  type        = map(string)
  description = "ARN of each target group by a word such as blue or green. Two under CodeDeploy: alarms look at both."

  validation {
    condition     = contains([1, 2], length(var.target_groups))
    error_message = "target_groups: one, or two under CodeDeploy."
  }

  validation {
    condition     = alltrue([for word in keys(var.target_groups) : can(regex("^[a-z]+$", word))])
    error_message = "target_groups: the keys are lower-case words such as blue and green."
  }
}

variable "thresholds" {
  type = object({
    cpu     = number
    memory  = number
    errors  = number
    latency = number
  })
  description = "cpu and memory in %, errors in % of requests answered 5xx, latency in seconds (p95); each over 5 minutes."

  validation {
    condition     = alltrue([for share in [var.thresholds.cpu, var.thresholds.memory, var.thresholds.errors] : share > 0 && share <= 100])
    error_message = "thresholds: cpu, memory and errors are more than 0 and at most 100 percent."
  }

  validation {
    condition     = var.thresholds.latency > 0
    error_message = "thresholds: latency is more than 0 seconds."
  }
}

variable "topic_arn" {
  type        = string
  description = "Topic that is told. Null: the alarms change their state and tell nobody."
  default     = null
}
