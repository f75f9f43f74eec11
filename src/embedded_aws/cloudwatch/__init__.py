"""CloudWatch's alarms: what they compute, by metric or by metric math, and when they change."""
