//! Many connections at once.

use std::io::{ErrorKind, Read, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::node::{AT_LAST, Node, answer};

/// A connection that speaks in plain text or over TLS.
pub(crate) enum Client {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// How connections are made.
#[derive(Clone)]
pub(crate) enum Way {
    Plain,
    Secure(Arc<ClientConfig>),
}

impl Way {
    /// A client's settings that trust the certificate in a node's folder.
    pub(crate) fn secure(node: &Node) -> Self {
        use rustls::pki_types::pem::PemObject as _;
        let certificate = rustls::pki_types::CertificateDer::from_pem_file(node.path("cert.pem"));
        let mut trusted = RootCertStore::empty();
        trusted.add(certificate.unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Self::Secure(Arc::new(config))
    }

    pub(crate) fn connect(&self, node: &Node) -> Client {
        let stream = node.connect();
        match self {
            Self::Plain => Client::Plain(stream),
            Self::Secure(config) => {
                let name = ServerName::try_from("localhost").unwrap();
                let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
                Client::Secure(Box::new(StreamOwned::new(connection, stream)))
            }
        }
    }
}

impl Client {
    pub(crate) fn send(&mut self, bytes: &str) {
        match self {
            Self::Plain(stream) => stream.write_all(bytes.as_bytes()),
            Self::Secure(stream) => {
                stream.write_all(bytes.as_bytes()).and_then(|()| stream.flush())
            }
        }
        .unwrap();
    }

    pub(crate) fn answer(&mut self) -> String {
        answer(self)
    }

    /// The bytes until the other side ends the connection; it must end it.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        match self.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof),
                "it is still open after {AT_LAST:?}: {error}"
            ),
        }
        String::from_utf8(rest).unwrap()
    }
}

impl Read for Client {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Secure(stream) => stream.read(buffer),
        }
    }
}
