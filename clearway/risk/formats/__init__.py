"""Outside forms of risk: histories, artefacts of models, files of profiles."""
