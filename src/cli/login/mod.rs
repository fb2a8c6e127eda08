//! `neokeys login` and `neokeys logout`: a bearer token for servers by the device authorization grant (RFC
//! 8628), kept in the user's own folder and renewed by its refresh token.
//!
//! Invariants: tokens are in the answers of the issuer, that file and the header of a request, and nowhere
//! else; no token is an argument.

mod issuer;
mod session;

use std::time::Duration;

use clap::Args;

use self::issuer::{Asked, Issuer, Tokens};
use self::session::{KeptTokens, Session, SessionFile};
use super::escape::escaped;
use super::failure::Failure;
use super::output::Output;
use super::web::{self, Trust};
use crate::clock::{Clock as _, SystemClock};

/// How much longer a program waits that asked too often (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Who issues the token, and for what.
#[derive(Debug, Args)]
pub(super) struct LoginArguments {
    /// The issuer, as the server's setting auth.bearer.issuers has it.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// The id under which the issuer knows this program: of a public client that may use the device grant.
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// A scope to ask for. Can be given several times.
    #[arg(long = "scope", value_name = "SCOPE", default_value = "offline_access")]
    scopes: Vec<String>,
    /// The API that the token is for (RFC 8707), where the issuer wants it named.
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    #[command(flatten)]
    trust: Trust,
}

/// Signs in: shows where to answer, and waits for it.
pub(super) async fn login(
    arguments: &LoginArguments,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let url = web::parse_address("--issuer", &arguments.issuer)?;
    let client = arguments.trust.client(&url)?;
    let file = SessionFile::of_user()?;
    let issuer = Issuer::discover(client, &arguments.issuer, &url).await?;
    let scope = arguments.scopes.join(" ");
    let mut request = vec![("client_id", arguments.client_id.as_str()), ("scope", &scope)];
    request.extend(arguments.resource.as_deref().map(|resource| ("resource", resource)));
    let codes = issuer.ask_for_codes(&request).await?;
    output.say(&format_args!(
        "Go to {} and enter the code {}{}\n",
        escaped(&codes.verification_uri),
        escaped(&codes.user_code),
        match &codes.verification_uri_complete {
            Some(url) => format!(", or open {}", escaped(url)),
            None => String::new(),
        }
    ));
    let tokens = wait_for_answer(&issuer, arguments, &codes).await?;
    let session = Session {
        issuer: arguments.issuer.clone(),
        client_id: arguments.client_id.clone(),
        resource: arguments.resource.clone(),
        ca: arguments.trust.path()?,
        token_endpoint: issuer.token_endpoint.to_string(),
        revocation_endpoint: issuer.revocation_endpoint.map(String::from),
        tokens: KeptTokens::of(tokens, None),
    };
    file.write(&session)?;
    output.say(&format_args!("Signed in. `neokeys logout` ends it.\n"));
    Ok(())
}

async fn wait_for_answer(
    issuer: &Issuer,
    arguments: &LoginArguments,
    codes: &issuer::DeviceCodes,
) -> Result<Tokens, Failure> {
    let over = || Failure::because("nobody answered in time").hint("run `neokeys login` again");
    let deadline = SystemClock.since_epoch() + Duration::from_secs(codes.expires_in);
    let mut interval = Duration::from_secs(codes.interval);
    while SystemClock.since_epoch() < deadline {
        tokio::time::sleep(interval).await;
        match issuer.ask_for_tokens(&arguments.client_id, codes).await? {
            Asked::Granted(tokens) => return Ok(tokens),
            Asked::Pending => {}
            Asked::SlowDown => interval += SLOWER,
            Asked::Expired => return Err(over()),
            Asked::Denied => {
                return Err(Failure::because("the sign-in was denied")
                    .hint("whoever answered said no; run `neokeys login` again"));
            }
        }
    }
    Err(over())
}

/// Ends a sign-in: the issuer is told, and the file goes.
pub(super) async fn logout(output: &mut Output<'_>) -> Result<(), Failure> {
    let file = SessionFile::of_user()?;
    let session = file.read();
    if let Ok(None) = session {
        output.say(&"Nobody is signed in.\n");
        return Ok(());
    }
    // Also one that cannot be read.
    file.remove()?;
    if let Ok(Some(session)) = session
        && let Err(failure) = session.revoke().await
    {
        output.say(&format_args!("The issuer was not told: {}\n", escaped(failure.message())));
    }
    output.say(&"Signed out.\n");
    Ok(())
}

/// The access token of whoever is signed in, renewed where that is due.
pub(super) async fn access_token() -> Result<Option<secrecy::SecretString>, Failure> {
    // Where there is no folder of the user's, nobody can have signed in.
    let Ok(file) = SessionFile::of_user() else { return Ok(None) };
    match file.read()? {
        Some(session) if session.is_fresh() => Ok(Some(session.tokens.access_token)),
        Some(_) => file.renew().await.map(Some),
        None => Ok(None),
    }
}
