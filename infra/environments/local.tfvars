# The environment on your own machine. Nothing leaves it, so that it needs no NAT; nothing in it
# asks for host names; and every task is a container here, so that more of them add no capacity.
nat           = "none"
dns_hostnames = false
scaling       = false
