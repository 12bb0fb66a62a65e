"""The pictures of a report, one file each: `picture(facts, recording, language)`, None if there is nothing to show."""
