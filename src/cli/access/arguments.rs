//! Where a command finds the keys, as its arguments and the environment say.

use clap::Args;
use secrecy::ExposeSecret as _;

use super::KeyAccess;
use super::server::{Credential, CredentialArguments, ServerAccess};
use super::store::StoreAccess;
use crate::cli::failure::Failure;
use crate::cli::web::{self, Trust};
use crate::cli::{Place, environment, login};

/// The store, or the server in its place.
#[derive(Debug, Args)]
pub(in crate::cli) struct AccessArguments {
    #[command(flatten)]
    place: Place,
    /// The URL of a server to ask, in place of a store; also NEOKEYS_SERVER. The credential for it comes
    /// from NEOKEYS_TOKEN, NEOKEYS_API_KEY, --credential-file or `neokeys login`.
    #[arg(long, value_name = "URL", conflicts_with = "store")]
    server: Option<String>,
    #[command(flatten)]
    credential: CredentialArguments,
    #[command(flatten)]
    trust: Trust,
}

impl AccessArguments {
    /// Opens the store, or gets ready to ask the server.
    pub(in crate::cli) async fn open(&self) -> Result<Box<dyn KeyAccess>, Failure> {
        let Some((what, server)) = self.server()? else {
            return Ok(Box::new(StoreAccess::open(&self.place)?));
        };
        let base = web::parse_address(what, &server)?;
        let client = self.trust.client(&base)?;
        let credential = self.credential().await?;
        Ok(Box::new(ServerAccess::new(base, client, &credential, &self.place)))
    }

    async fn credential(&self) -> Result<Credential, Failure> {
        if let Some(credential) = self.credential.find()? {
            return Ok(credential);
        }
        match login::access_token().await? {
            Some(token) => Credential::bearer("the sign-in", token.expose_secret()),
            None => Err(Failure::misused("there is no credential for the server").hint(
                "set NEOKEYS_TOKEN or NEOKEYS_API_KEY, name a file with --credential-file, or sign in with `neokeys login`",
            )),
        }
    }

    /// The server that is named, and by what. A store that is named counts more than a variable.
    fn server(&self) -> Result<Option<(&'static str, String)>, Failure> {
        if let Some(server) = &self.server {
            return Ok(Some(("--server", server.clone())));
        }
        let variable = environment::find(environment::SERVER).filter(|_| !self.place.names_store());
        let text = variable.map(|value| value.into_string().unwrap_or_default());
        Ok(text.map(|text| (environment::SERVER, text)))
    }
}
