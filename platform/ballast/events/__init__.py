"""Operations on the events of an environment, done where the broker can be reached."""
