"""What is wrong, in plain sentences: all of it while it is little, and a count of the rest."""

_MOST = 200


class Problems:
    """Gathers sentences. However much is wrong, it stays small."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.sentences: list[str] = []
        self.untold = 0

    def add(self, sentence: str) -> None:
        """One more thing is wrong."""
        if len(self.sentences) < _MOST:
            self.sentences.append(sentence)
        else:
            self.untold += 1

    def __bool__(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.sentences)
