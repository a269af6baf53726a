"""Pictures of one run or one example: functions that return a figure, which `save.save` writes to a file."""
