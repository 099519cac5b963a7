"""What the lines of a gate ask for, a file for each kind. Each says of one commit whether it is met, why, and
who can meet it; it is pure, as all of policy.
"""
