"""Pictures of a single run or a single example: functions from data to a figure; saving is the caller's."""
