"""A gallery of trainings: healthy ones, and ones with a single known fault each."""
