"""The corpus and its tools; fitting, evaluating and comparing models; labelling."""
