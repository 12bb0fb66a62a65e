"""Tables: what each column is, how it becomes numbers, which one is the target and which say nothing."""
