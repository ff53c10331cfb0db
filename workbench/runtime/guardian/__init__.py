"""The second process: looks at broker and runner, and makes flat what nobody looks after any more. Trades nothing, shares no engine."""
