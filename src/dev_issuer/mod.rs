//! The issuer of `serve --dev`: a sign-in page, tokens and a key set, for one developer on one machine.
