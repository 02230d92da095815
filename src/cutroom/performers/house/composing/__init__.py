"""Music by rule: theory, form, themes and parts as plain notes; a sampler and a mix at the edge."""
