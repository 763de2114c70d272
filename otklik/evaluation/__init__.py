"""What is measured of parts that the classifier does not know: `make eval` runs it with the classifier's sections."""
