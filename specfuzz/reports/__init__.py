"""What people and programs get to see of a result: one file a format, all fed by the same object."""
