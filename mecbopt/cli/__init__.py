"""The command line: `mecbopt COMMAND`.  Each command lives in its own module and loads what it needs."""
