"""What the servers start with: places and names (nordic), numbers (numbers), the records of each side (left, right)."""
