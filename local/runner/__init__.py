"""The whole system on this machine: what `make run` starts, and what the end-to-end tests drive.

command     `make run` itself: options, the one lock, what a person reads, the end
stack       brings everything up in order, and down again
ministack   the AWS emulator's process
simulator   the LivePerson simulator's process
sam         the real `sam build` and `sam deploy`
routes      the API's routes and authorizers, which the emulator's CloudFormation leaves out
front       the one local address, http://localhost:PORT
logs        the functions' logs, readable
aws         clients of the emulator
child       a program started and ended by its own id
ports, places, options, progress, errors
"""
