"""Hold the three estimators that scikit-learn's tools take; `rnnauto` itself has their names."""
