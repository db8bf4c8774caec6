"""How right the derivation is: operations of real documents, labelled by reading, beside what the code says of them."""
