"""How events come to be: the client's verbs and the tracker that bot actions use."""
