"""`make eval`: the classifier's sections, and those of what comes after it, in one report."""

import sys

from classifier.evaluation.__main__ import main
from classifier.evaluation.sections import sections
from otklik.evaluation import grouping

if __name__ == "__main__":
    sys.exit(main(sections=[*sections(), grouping.SECTION]))
