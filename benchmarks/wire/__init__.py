"""The two ends of the wire that rows 7 and 22 to 25 measure between: a server that says what a row wants, and programs of their own."""
