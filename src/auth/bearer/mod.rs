//! Bearer tokens: JWTs of configured issuers (RFC 7519, RFC 9068).
