"""Ways to a person, one a file, all behind one protocol (`base.Channel`); `made.channels_of` makes those that settings name."""
