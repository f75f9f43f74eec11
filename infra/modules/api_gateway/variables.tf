variable "burst" {
  type        = number
  description = "Requests that may come at once above the rate."
}

variable "domain_name" {
  type        = string
  description = "Name in the load balancer's certificate, which the gateway checks. Empty: plain HTTP inside the VPC."
}

variable "kms_key_arn" {
  type        = string
  description = "Key of the access logs. Null: AWS's own."
  default     = null
}

variable "listener_arn" {
  type        = string
  description = "Listener that requests go to."
}

variable "listener_port" {
  type        = number
  description = "Port of the listener."
}

variable "load_balancer_security_group_id" {
  type        = string
  description = "Security group of the load balancer; the gateway is let in."
}

variable "log_retention" {
  type        = number
  description = "Days that access logs are kept."
}

variable "name" {
  type        = string
  description = "Full name."
}

variable "rate" {
  type        = number
  description = "Requests per second that are let through; more get a 429."
}

variable "subnets" {
  type        = list(string)
  description = "Private subnets of the link into the VPC."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the load balancer."
}
