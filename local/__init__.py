"""What runs on a developer's machine only: the LivePerson simulator and the runner behind `make run`."""
