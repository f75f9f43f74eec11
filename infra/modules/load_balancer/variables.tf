variable "certificate_arn" {
  type        = string
  description = "ACM certificate. Empty: plain HTTP only, for environments without a domain."
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn: empty or the ARN of a certificate."
  }
}

variable "name" {
  type        = string
  description = "Full name; cut to the load balancer's 32 characters where it is longer."
}

variable "protected" {
  type        = bool
  description = "Whether the load balancer refuses to be deleted."
}

variable "subnets" {
  type        = list(string)
  description = "Public subnets, at least two."

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "subnets: a load balancer needs subnets in at least two zones."
  }
}

variable "vpc_cidr" {
  type        = string
  description = "Where the targets are: the only range that the load balancer may connect to."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the load balancer."
}
