//! The sign-ins of the code flow: what a code and then a refresh token may be exchanged for (RFC 6749 §4.1.3
//! and §6).
//!
//! Invariants: a code is good once and for a minute. Each refresh token is good once and replaced by the
//! next (RFC 9700 §4.14.2). One that comes a second time ends its sign-in, since two parties have it then.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::authorize::{AuthorizeRequest, CodeRequest};
use super::signing::random_id;
use super::{SigningError, TokenRequest};

/// How long a code may be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// How long a sign-in may be renewed.
const SIGN_IN_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// The most sign-ins that are known at once; the oldest makes room.
const MOST: usize = 256;

/// Every sign-in that can go on, the oldest first.
#[derive(Default)]
pub(super) struct SignIns(Mutex<VecDeque<SignIn>>);

struct SignIn {
    id: String,
    redirect_uri: Option<String>,
    code: CodeRequest,
    choice: TokenRequest,
    /// The digest of the code or refresh token that is good now.
    secret: [u8; 32],
    is_code: bool,
    good_until: Duration,
    ends_at: Duration,
}

/// The grant that a code or a refresh token was exchanged for.
pub(super) struct Granted {
    pub choice: TokenRequest,
    pub code: CodeRequest,
    /// The refresh token that is good from now on.
    pub refresh_token: SecretString,
}

/// Why nothing is given for a code or a refresh token.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrantError {
    /// Unknown, over, used, or another client's: `invalid_grant` of RFC 6749 §5.2.
    #[error("the code or refresh token is not valid")]
    Invalid,
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl SignIns {
    /// Begins a sign-in that was granted without a code of its own, and gives its refresh token.
    pub(super) fn begin_granted(
        &self,
        client_id: &str,
        choice: TokenRequest,
        now: Duration,
    ) -> Result<Granted, SigningError> {
        let id = random_id()?;
        let (secret, refresh_token) = draw(&id)?;
        let code = CodeRequest { client_id: client_id.to_owned(), ..CodeRequest::default() };
        let ends_at = now.saturating_add(SIGN_IN_LIFETIME);
        self.keep(SignIn {
            id,
            redirect_uri: None,
            code: code.clone(),
            choice: choice.clone(),
            secret,
            is_code: false,
            good_until: ends_at,
            ends_at,
        });
        Ok(Granted { choice, code, refresh_token })
    }

    /// Begins a sign-in, and gives its code.
    pub(super) fn begin(
        &self,
        wanted: &AuthorizeRequest,
        choice: TokenRequest,
        now: Duration,
    ) -> Result<SecretString, SigningError> {
        let id = random_id()?;
        let (secret, text) = draw(&id)?;
        let sign_in = SignIn {
            id,
            redirect_uri: wanted.redirect_uri.clone(),
            code: wanted.code.clone().unwrap_or_default(),
            choice,
            secret,
            is_code: true,
            good_until: now.saturating_add(CODE_LIFETIME),
            ends_at: now.saturating_add(SIGN_IN_LIFETIME),
        };
        self.keep(sign_in);
        Ok(text)
    }

    fn keep(&self, sign_in: SignIn) {
        let mut sign_ins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sign_ins.len() >= MOST {
            sign_ins.pop_front();
        }
        sign_ins.push_back(sign_in);
    }

    /// Exchanges a code (RFC 7636 §4.6).
    pub(super) fn exchange(
        &self,
        code: &str,
        verifier: &str,
        client_id: &str,
        redirect_uri: &str,
        now: Duration,
    ) -> Result<Granted, GrantError> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        self.go_on(code, now, |sign_in| {
            sign_in.is_code
                && sign_in.code.challenge == challenge
                && sign_in.code.client_id == client_id
                && sign_in.redirect_uri.as_deref() == Some(redirect_uri)
        })
    }

    /// Exchanges a refresh token.
    pub(super) fn renew(
        &self,
        refresh_token: &str,
        client_id: &str,
        now: Duration,
    ) -> Result<Granted, GrantError> {
        self.go_on(refresh_token, now, |it| !it.is_code && it.code.client_id == client_id)
    }

    /// Replaces a sign-in's secret if it is this one. Any other that was ever the sign-in's, or that comes
    /// with the wrong proof, ends it.
    fn go_on(
        &self,
        text: &str,
        now: Duration,
        fits: impl Fn(&SignIn) -> bool,
    ) -> Result<Granted, GrantError> {
        let (id, _) = text.split_once('.').ok_or(GrantError::Invalid)?;
        let mut sign_ins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = sign_ins.iter().position(|it| it.id == id).ok_or(GrantError::Invalid)?;
        let mut sign_in = sign_ins.remove(place).ok_or(GrantError::Invalid)?;
        let is_good = sign_in.secret == digest(text) && now < sign_in.good_until;
        if !is_good || !fits(&sign_in) {
            return Err(GrantError::Invalid);
        }
        let (secret, refresh_token) = draw(id)?;
        sign_in.secret = secret;
        sign_in.is_code = false;
        sign_in.good_until = sign_in.ends_at;
        let granted =
            Granted { choice: sign_in.choice.clone(), code: sign_in.code.clone(), refresh_token };
        sign_ins.push_back(sign_in);
        Ok(granted)
    }
}

/// A new secret of a sign-in: its digest and its text.
fn draw(id: &str) -> Result<([u8; 32], SecretString), SigningError> {
    let text = format!("{id}.{}{}", random_id()?, random_id()?);
    Ok((digest(&text), text.into()))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use secrecy::{ExposeSecret as _, SecretString};
    use sha2::{Digest as _, Sha256};

    use super::{GrantError, Granted, SignIns};
    use crate::dev_issuer::TokenRequest;
    use crate::dev_issuer::authorize::{AuthorizeRequest, CodeRequest};

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const PAGE: &str = "http://127.0.0.1:8080/console/signed-in.html";
    const NOW: Duration = Duration::from_secs(1_000);

    fn begin(sign_ins: &SignIns) -> SecretString {
        let wanted = AuthorizeRequest {
            redirect_uri: Some(PAGE.to_owned()),
            code: Some(CodeRequest {
                client_id: "c".to_owned(),
                challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
                nonce: None,
            }),
            ..AuthorizeRequest::default()
        };
        let choice = TokenRequest {
            subject: "developer".to_owned(),
            tenants: Vec::new(),
            permissions: Vec::new(),
            lifetime: Duration::from_secs(60),
        };
        sign_ins.begin(&wanted, choice, NOW).unwrap()
    }

    fn exchange(sign_ins: &SignIns, code: &SecretString) -> Result<Granted, GrantError> {
        sign_ins.exchange(code.expose_secret(), VERIFIER, "c", PAGE, NOW)
    }

    fn renew(sign_ins: &SignIns, token: &SecretString) -> Result<Granted, GrantError> {
        sign_ins.renew(token.expose_secret(), "c", NOW)
    }

    #[test]
    fn each_refresh_token_is_good_once_and_the_second_time_ends_the_sign_in() {
        let sign_ins = SignIns::default();
        let first = exchange(&sign_ins, &begin(&sign_ins)).unwrap().refresh_token;
        let second = renew(&sign_ins, &first).unwrap().refresh_token;
        let third = renew(&sign_ins, &second).unwrap().refresh_token;
        assert!(renew(&sign_ins, &second).is_err());
        assert!(renew(&sign_ins, &third).is_err());
    }

    #[test]
    fn a_code_that_comes_twice_ends_what_came_of_it() {
        let sign_ins = SignIns::default();
        let code = begin(&sign_ins);
        let token = exchange(&sign_ins, &code).unwrap().refresh_token;
        assert!(exchange(&sign_ins, &code).is_err());
        assert!(renew(&sign_ins, &token).is_err());
    }

    #[test]
    fn a_code_is_given_for_its_own_verifier_client_and_page_within_a_minute() {
        let late = NOW + Duration::from_secs(60);
        for (verifier, client, page, now) in [
            ("other", "c", PAGE, NOW),
            (VERIFIER, "d", PAGE, NOW),
            (VERIFIER, "c", "http://127.0.0.1:8080/", NOW),
            (VERIFIER, "c", PAGE, late),
        ] {
            let sign_ins = SignIns::default();
            let code = begin(&sign_ins);
            let code = code.expose_secret();
            assert!(
                sign_ins.exchange(code, verifier, client, page, now).is_err(),
                "{client} {page}"
            );
        }
    }

    #[test]
    fn a_code_is_no_refresh_token_and_a_refresh_token_no_code() {
        let sign_ins = SignIns::default();
        assert!(renew(&sign_ins, &begin(&sign_ins)).is_err());
        let token = exchange(&sign_ins, &begin(&sign_ins)).unwrap().refresh_token;
        assert!(exchange(&sign_ins, &token).is_err());
    }

    #[test]
    fn the_oldest_sign_in_makes_room() {
        let sign_ins = SignIns::default();
        let oldest = begin(&sign_ins);
        let codes: Vec<_> = (0..super::MOST).map(|_| begin(&sign_ins)).collect();
        assert!(exchange(&sign_ins, &oldest).is_err());
        assert!(exchange(&sign_ins, &codes[0]).is_ok());
    }
}
