"""Pages that run by themselves: when one is due (`trigger`), what is run (`slots`), what was (`ledger`), and who does it (`daemon`)."""
