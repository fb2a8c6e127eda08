//! PEM files, and errors in them in words of our own.
//!
//! Invariant: no byte of a file is in a fault. The parser's own errors repeat the line that they
//! stumble over, which is the whole key where a file has lost its line ends; so they end here, and
//! the file is looked at again for a sentence that helps.

use std::fmt;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The content that a file should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Certificate,
    PrivateKey,
}

impl fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
        })
    }
}

/// Why nothing could be taken from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemFault {
    #[error("it is empty")]
    Empty,
    #[error("it starts with a byte order mark (BOM); save it as UTF-8 without one")]
    ByteOrderMark,
    #[error("it is UTF-16; save it as UTF-8")]
    Utf16,
    #[error(
        "it is in binary form (DER, or PKCS #12 with both certificate and key); `openssl pkey \
         -inform DER`, `openssl x509 -inform DER` or `openssl pkcs12 -nodes` makes PEM of it"
    )]
    Binary,
    #[error(
        "the key is encrypted, and neokeys has no password for it; `openssl pkey -in FILE -out \
         PLAIN` writes one without, which the service's user alone should read"
    )]
    Encrypted,
    #[error("the key is in a form of SSH programs; TLS takes PKCS #8, PKCS #1 or SEC1")]
    OfSsh,
    #[error("it holds a private key and no certificate; are tls.certificate and tls.key swapped?")]
    KeyAlone,
    #[error("it holds a certificate and no private key; are tls.certificate and tls.key swapped?")]
    CertificateAlone,
    #[error("it holds a public key")]
    PublicKey,
    #[error("it holds something else")]
    OtherKind,
    #[error("its line ends are lost; the lines with BEGIN and END stand alone")]
    LineEnds,
    #[error("it is cut off: the line with END that belongs to the line with BEGIN is missing")]
    CutOff,
    #[error("the text between its lines with BEGIN and END is not complete Base64")]
    NotBase64,
    #[error("it has no line with BEGIN")]
    NoBegin,
}

/// The certificates in a file, at least one.
pub(super) fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(file).collect();
    let parsed = parsed.ok().filter(|chain| !chain.is_empty());
    parsed.ok_or_else(|| fault(file, Wanted::Certificate))
}

/// The first private key in a file.
pub(super) fn private_key(file: &[u8]) -> Result<PrivateKeyDer<'static>, PemFault> {
    PrivateKeyDer::from_pem_slice(file).ok().ok_or_else(|| fault(file, Wanted::PrivateKey))
}

/// The fault of a file that the parser refused.
fn fault(file: &[u8], wanted: Wanted) -> PemFault {
    if file.iter().all(u8::is_ascii_whitespace) {
        return PemFault::Empty;
    }
    if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        return PemFault::Utf16;
    }
    // A SEQUENCE of ASN.1 whose length is not in the next byte.
    if matches!(file, [0x30, 0x80..=0x84, ..]) {
        return PemFault::Binary;
    }
    let text = String::from_utf8_lossy(file);
    if text.contains("BEGIN ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return PemFault::Encrypted;
    }
    if text.contains("BEGIN OPENSSH PRIVATE KEY") || text.contains("PuTTY-User-Key-File") {
        return PemFault::OfSsh;
    }
    let is_begin =
        |line: &&str| line.trim_start_matches('\u{feff}').trim().starts_with("-----BEGIN ");
    let Some(begin) = text.lines().find(is_begin) else {
        return if text.contains("BEGIN ") { PemFault::LineEnds } else { PemFault::NoBegin };
    };
    let stands_alone = begin.matches("-----").count() == 2 && begin.trim_end().ends_with("-----");
    if !stands_alone {
        return PemFault::LineEnds;
    }
    if file.starts_with("\u{feff}".as_bytes()) {
        return PemFault::ByteOrderMark;
    }
    let (has_key, has_certificate) =
        (text.contains("PRIVATE KEY-----"), text.contains("BEGIN CERTIFICATE-----"));
    match wanted {
        Wanted::Certificate if !has_certificate && has_key => return PemFault::KeyAlone,
        Wanted::PrivateKey if !has_key && has_certificate => return PemFault::CertificateAlone,
        Wanted::Certificate | Wanted::PrivateKey => {}
    }
    if text.contains("PUBLIC KEY-----") {
        return PemFault::PublicKey;
    }
    if !has_key && !has_certificate {
        return PemFault::OtherKind;
    }
    let has_end =
        |label: &str| text.lines().any(|line| line.trim() == format!("-----END {label}-----"));
    let labels = text.lines().filter_map(|line| {
        line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----").map(str::to_owned)
    });
    let all_end = labels.into_iter().all(|label| has_end(&label));
    if all_end { PemFault::NotBase64 } else { PemFault::CutOff }
}

#[cfg(test)]
mod tests {
    use super::{PemFault, certificates, private_key};

    #[test]
    fn what_is_wrong_with_a_key_file_is_named() {
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let certificate = pem.replace("PRIVATE KEY", "CERTIFICATE");
        let utf16: Vec<u8> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (file, fault) in [
            (Vec::new(), PemFault::Empty),
            (b" \r\n".to_vec(), PemFault::Empty),
            (format!("\u{feff}{pem}").into_bytes(), PemFault::ByteOrderMark),
            ([&[0xff, 0xfe], &utf16[..]].concat(), PemFault::Utf16),
            (vec![0x30, 0x82, 1, 2, 3], PemFault::Binary),
            (pem.replace("BEGIN P", "BEGIN ENCRYPTED P").into_bytes(), PemFault::Encrypted),
            (
                pem.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,B\n\n", 1)
                    .into(),
                PemFault::Encrypted,
            ),
            (pem.replace(" PRIVATE", " OPENSSH PRIVATE").into(), PemFault::OfSsh),
            (b"PuTTY-User-Key-File-3: ssh-ed25519\n".to_vec(), PemFault::OfSsh),
            (certificate.clone().into(), PemFault::CertificateAlone),
            (pem.replace("PRIVATE", "PUBLIC").into(), PemFault::PublicKey),
            (pem.replace("PRIVATE KEY", "DH PARAMETERS").into(), PemFault::OtherKind),
            (pem.replace('\n', "").into(), PemFault::LineEnds),
            (pem.replace('\n', " ").into(), PemFault::LineEnds),
            (pem.replace('\n', "\\n").into(), PemFault::LineEnds),
            (pem.replace("-----END", "----END").into(), PemFault::CutOff),
            (pem.as_bytes()[..pem.len() / 2].to_vec(), PemFault::CutOff),
            (pem.replace(&body[..4], "****").into(), PemFault::NotBase64),
            (body.into(), PemFault::NoBegin),
        ] {
            let text = String::from_utf8_lossy(&file).into_owned();
            assert_eq!(private_key(&file).err(), Some(fault), "{text}");
        }
        assert!(private_key(pem.as_bytes()).is_ok());
        assert_eq!(certificates(pem.as_bytes()).err(), Some(PemFault::KeyAlone));
        assert_eq!(certificates(&pem.as_bytes()[..40]).err(), Some(PemFault::KeyAlone));
        assert_eq!(
            certificates(certificate.replace('\n', "").as_bytes()).err(),
            Some(PemFault::LineEnds)
        );
    }
}
