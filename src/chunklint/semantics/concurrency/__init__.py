"""Tasks and threads that share state: locks, who holds them, and what they are held across."""
