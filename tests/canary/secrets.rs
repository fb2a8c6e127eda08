//! The secrets, in every form that a careless line could give them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use neokeys::domain::Digest;

/// Texts that must not come out, each with what it is.
#[derive(Default)]
pub struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// A token, and what is stored of it.
    pub fn add_token(&mut self, what: &str, token: &str) {
        self.add(&format!("the token {what}"), token.as_bytes());
        let hexadecimal = Digest::of(token.as_bytes()).to_hex();
        self.add_text(&format!("the hash of {what}"), &hexadecimal[..16]);
        self.add_text(&format!("the hash of {what}"), &hexadecimal[48..]);
        let bytes: Vec<u8> = (0..hexadecimal.len() / 2)
            .map(|place| u8::from_str_radix(&hexadecimal[2 * place..][..2], 16).unwrap())
            .collect();
        self.add_bytes(&format!("the hash of {what}"), &bytes);
    }

    /// A JWT: its claims and its signature; the header says nothing.
    pub fn add_jwt(&mut self, what: &str, token: &str) {
        for (part, text) in ["header", "payload", "signature"].iter().zip(token.split('.')).skip(1)
        {
            self.add(&format!("the {part} of {what}"), text.as_bytes());
            let decoded = URL_SAFE_NO_PAD.decode(text).unwrap();
            self.add_bytes(&format!("the {part} of {what}"), &decoded);
        }
    }

    /// A text, its beginning and its end.
    pub fn add(&mut self, what: &str, secret: &[u8]) {
        let text = std::str::from_utf8(secret).unwrap();
        self.add_text(what, text.get(..24).unwrap_or(text));
        self.add_text(what, text.get(text.len().saturating_sub(24)..).unwrap_or(text));
        self.add_bytes(what, secret);
    }

    /// Bytes as `Debug` writes a slice of them, and as Base64 does.
    fn add_bytes(&mut self, what: &str, bytes: &[u8]) {
        let listed: Vec<_> = bytes.iter().take(8).map(u8::to_string).collect();
        self.add_text(what, &listed.join(", "));
        self.add_text(what, &STANDARD.encode(&bytes[..bytes.len().min(15)]));
        self.add_text(what, &URL_SAFE_NO_PAD.encode(&bytes[..bytes.len().min(15)]));
    }

    /// Every part of some bytes: as text if they are, as a list of decimal numbers, as hexadecimal
    /// digits and as Base64.
    pub fn add_everywhere(&mut self, what: &str, bytes: &[u8]) {
        for part in bytes.windows(12) {
            if let Ok(text) = std::str::from_utf8(part)
                && part.is_ascii()
            {
                self.add_text(what, text);
            }
            let listed: Vec<_> = part[..6].iter().map(u8::to_string).collect();
            self.add_text(what, &listed.join(", "));
            self.add_text(what, &listed.join(","));
            let digits: Vec<_> = part[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            ["", ":", " ", ", "].iter().for_each(|it| self.add_text(what, &digits.join(it)));
            self.add_text(what, &STANDARD.encode(part));
            self.add_text(what, &URL_SAFE_NO_PAD.encode(part));
        }
    }

    fn add_text(&mut self, what: &str, text: &str) {
        self.0.push((what.to_owned(), text.to_lowercase()));
    }

    /// Panics if one of them is in the text, whatever its case.
    pub fn assert_absent(&self, place: &str, text: &str) {
        let lowercase = text.to_lowercase();
        for (what, secret) in &self.0 {
            if let Some(found) = lowercase.find(secret) {
                let line = lowercase[..found].rfind('\n').map_or(0, |end| end + 1);
                let rest = lowercase[line..].lines().next().unwrap_or_default();
                panic!("{what} is in {place}: {rest}");
            }
        }
    }
}
