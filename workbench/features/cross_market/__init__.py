"""The cross-market family: a contract against its leader. Faces beside compiled steps; nothing is imported here."""
