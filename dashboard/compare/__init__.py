"""The Compare page: who answers, the answers beside each other, votes and corrections."""
