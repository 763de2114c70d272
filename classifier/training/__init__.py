"""How the shipped model is made: data, vocabulary, estimators, calibration. Needs scikit-learn; prediction does not."""
