"""What the product is made of: the locked packages, their licences, and the bill of materials."""
