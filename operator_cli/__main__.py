"""The operators' tool: `python -m operator_cli`."""

from operator_cli.app import main

main()
