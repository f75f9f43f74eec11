"""`invoke dev`: the services on this machine, with hot reload and their data.

choice.py     from what is wished to a plan
plan.py       what is to run, and how: pure
program.py    the command of a service's Dockerfile
variables.py  what each program gets
ports.py      where everything listens
data.py       PostgreSQL and Redis: containers, compose file, accounts
stores.py     starts and ends those
logs.py       lines as they are shown
stream.py     one stream out of all
keeper.py     keeps one service running
watch.py      tells the keepers of changes
apply.py      runs it, from the first line to the last
"""
