output "group" {
  description = "Group of the schedules; each is called as its job."
  value       = aws_scheduler_schedule_group.this.name
}
