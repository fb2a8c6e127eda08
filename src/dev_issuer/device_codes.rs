//! The codes of the device grant: what a program asks with, and what a person answers to (RFC 8628).
//!
//! Invariants: a device code is good once, for ten minutes and for its own client. A program that asks too
//! soon waits longer from then on. The codes that people type are no secrets: answering one gives nothing to
//! whoever typed it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::signing::random_id;
use super::{SigningError, TokenRequest};

/// The grant's type.
pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long a code can be answered.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// How long a program waits before it asks again.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);
/// How much longer it waits after it asked too soon (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The most codes that wait at once; the oldest makes room.
const MOST: usize = 256;
/// Letters of codes that people type: no vowels, so that they spell no words (RFC 8628 §6.1).
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Every code that can be answered or asked for, the oldest first.
#[derive(Default)]
pub(super) struct DeviceCodes(Mutex<VecDeque<Waiting>>);

struct Waiting {
    device_code: [u8; 32],
    user_code: String,
    client_id: String,
    scopes: Vec<String>,
    answer: Option<Answer>,
    ends_at: Duration,
    interval: Duration,
    /// Before then, asking is too soon.
    next: Duration,
}

enum Answer {
    Granted(TokenRequest),
    Denied,
}

/// The codes of one request.
pub(super) struct Codes {
    pub device_code: SecretString,
    pub user_code: String,
}

/// Why a program gets nothing, or nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceError {
    Pending,
    TooSoon,
    Denied,
    Expired,
    Unknown,
}

impl DeviceCodes {
    /// Makes codes for a program.
    pub(super) fn begin(
        &self,
        client_id: &str,
        scopes: Vec<String>,
        now: Duration,
    ) -> Result<Codes, SigningError> {
        let device_code = SecretString::from(format!("{}{}", random_id()?, random_id()?));
        let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
        let letters: String = random_id()?.bytes().map(letter).take(8).collect();
        let user_code = format!("{}-{}", &letters[..4], &letters[4..]);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(Waiting {
            device_code: digest(device_code.expose_secret()),
            user_code: user_code.clone(),
            client_id: client_id.to_owned(),
            scopes,
            answer: None,
            ends_at: now.saturating_add(LIFETIME),
            interval: INTERVAL,
            next: now.saturating_add(INTERVAL),
        });
        Ok(Codes { device_code, user_code })
    }

    /// The scopes that the program with this code asks for, if it waits for an answer.
    pub(super) fn find(&self, user_code: &str, now: Duration) -> Option<Vec<String>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|it| it.is_open(user_code, now)).map(|it| it.scopes.clone())
    }

    /// Answers the program with this code; none says no. Whether it waits for an answer.
    pub(super) fn answer(
        &self,
        user_code: &str,
        choice: Option<TokenRequest>,
        now: Duration,
    ) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.iter_mut().find(|it| it.is_open(user_code, now));
        open.map(|it| it.answer = Some(choice.map_or(Answer::Denied, Answer::Granted))).is_some()
    }

    /// Gives a program what it was granted.
    pub(super) fn exchange(
        &self,
        device_code: &str,
        client_id: &str,
        now: Duration,
    ) -> Result<TokenRequest, DeviceError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = digest(device_code);
        let is_it = |it: &Waiting| it.device_code == secret && it.client_id == client_id;
        let place = all.iter().position(is_it).ok_or(DeviceError::Unknown)?;
        let waiting = &mut all[place];
        if now >= waiting.ends_at {
            return Err(DeviceError::Expired);
        }
        if now < waiting.next {
            waiting.interval += SLOWER;
            waiting.next = now.saturating_add(waiting.interval);
            return Err(DeviceError::TooSoon);
        }
        waiting.next = now.saturating_add(waiting.interval);
        match &waiting.answer {
            None => Err(DeviceError::Pending),
            Some(Answer::Denied) => Err(DeviceError::Denied),
            Some(Answer::Granted(choice)) => {
                let choice = choice.clone();
                all.remove(place);
                Ok(choice)
            }
        }
    }
}

impl Waiting {
    /// Codes are typed in any case, with or without the hyphen.
    fn is_open(&self, user_code: &str, now: Duration) -> bool {
        let letters = |text: &str| -> String {
            text.chars()
                .filter(char::is_ascii_alphabetic)
                .map(|it| it.to_ascii_uppercase())
                .collect()
        };
        self.answer.is_none()
            && now < self.ends_at
            && letters(user_code) == letters(&self.user_code)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::ExposeSecret as _;

    use super::{Codes, DeviceCodes, DeviceError};
    use crate::dev_issuer::TokenRequest;

    const AT: Duration = Duration::from_secs(1_000);

    fn later(seconds: u64) -> Duration {
        AT + Duration::from_secs(seconds)
    }

    fn choice() -> TokenRequest {
        TokenRequest {
            subject: "Ada".to_owned(),
            tenants: Vec::new(),
            permissions: Vec::new(),
            lifetime: Duration::from_secs(60),
        }
    }

    fn begin(codes: &DeviceCodes) -> Codes {
        codes.begin("c", vec!["a:read".to_owned()], AT).unwrap()
    }

    #[test]
    fn a_program_gets_what_was_granted_once() {
        let codes = DeviceCodes::default();
        let Codes { device_code, user_code } = begin(&codes);
        let ask =
            |client, seconds| codes.exchange(device_code.expose_secret(), client, later(seconds));
        assert_eq!(ask("c", 1).unwrap_err(), DeviceError::Pending);
        assert_eq!(codes.find(&user_code, AT), Some(vec!["a:read".to_owned()]));
        assert!(codes.answer(&user_code.replace('-', "").to_lowercase(), Some(choice()), later(2)));
        assert!(!codes.answer(&user_code, None, later(2)));
        assert_eq!(ask("d", 3).unwrap_err(), DeviceError::Unknown);
        assert_eq!(ask("c", 3).unwrap().subject, "Ada");
        assert_eq!(ask("c", 5).unwrap_err(), DeviceError::Unknown);
    }

    #[test]
    fn a_program_that_asks_too_soon_waits_longer_and_a_code_ends() {
        let codes = DeviceCodes::default();
        let Codes { device_code, user_code } = begin(&codes);
        let ask = |seconds| codes.exchange(device_code.expose_secret(), "c", later(seconds));
        for (seconds, error) in [
            (0, DeviceError::TooSoon),
            (5, DeviceError::TooSoon),
            (15, DeviceError::TooSoon),
            (40, DeviceError::Pending),
            (599, DeviceError::Pending),
            (600, DeviceError::Expired),
        ] {
            assert_eq!(ask(seconds).unwrap_err(), error, "{seconds}");
        }
        assert!(!codes.answer(&user_code, Some(choice()), later(600)));
        let denied = begin(&codes);
        assert!(codes.answer(&denied.user_code, None, AT));
        let asked = codes.exchange(denied.device_code.expose_secret(), "c", later(1));
        assert_eq!(asked.unwrap_err(), DeviceError::Denied);
    }
}
