"""The whole system on this machine: what `make run` starts, and what the end-to-end tests drive.

- command, options, welcome: `make run` itself, what it is asked, what a person reads
- stack: brings everything up in order, and down again
- ministack, simulator: the processes of the AWS emulator and of the LivePerson simulator
- sam: the real `sam build` and `sam deploy`
- roles: what the emulator asks beyond AWS
- front: the one local address, http://localhost:PORT
- logs, log_lines: the functions' logs, readable
- engine, engine_api, relay, containers: what `make sam-local` needs besides
- aws, child, errors, places, ports, progress, signals: what these share
"""
