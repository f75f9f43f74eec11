"""Names by which tasks reach each other, as Cloud Map and the VPC's resolver give them on AWS.

`registry` enters the tasks of ECS services, `answers` says what a name means, `server` is asked.
"""
