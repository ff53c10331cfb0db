"""The volume family: how much was traded, on which side, at which price. Faces beside compiled steps; nothing is imported here."""
