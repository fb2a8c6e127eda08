//! From what came with a request to who calls, by whatever library the request was received.

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

use super::{Authenticator, Caller, credential, denial};
use crate::domain::TenantId;
use crate::problem::{Problem, ProblemType};

/// Where a request's credentials are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// In the contract's two headers.
    InHeaders,
    /// There, passed on by a gateway: the client is whom a trusted one names.
    PassedOn,
    /// There, of a request to a service that a guard stands before.
    OfGuarded,
    /// There, or an API key as a client's secret: the answer to whoever brings none, or a bad one, offers
    /// that too.
    OfClients,
}

/// A request before it is known who calls.
pub(crate) struct Unidentified<'r> {
    /// Its headers, or those of them that are read here.
    pub headers: &'r HeaderMap,
    /// The tenant that it is about, if it names one.
    pub tenant: Option<TenantId>,
    /// Who sent it: the other end of the connection.
    pub peer: Option<IpAddr>,
    /// The client, if a gateway that asks about its request names it in another way than by headers.
    pub named_client: Option<IpAddr>,
}

impl Authenticator {
    /// Who calls.
    ///
    /// # Errors
    /// A 401, or a 429 for an address from which too many credentials were not valid; a 503 when the tenant's
    /// keys cannot be read.
    pub(crate) async fn identify(
        &self,
        request: Unidentified<'_>,
        from: Credentials,
    ) -> Result<Caller, Problem> {
        let Unidentified { headers, tenant, peer, named_client } = request;
        let (clients, throttle) = (self.clients(), self.throttle());
        // Only a trusted gateway's word counts, in whichever way it names the client.
        let named_client = named_client.filter(|_| peer.is_some_and(|peer| clients.trusts(peer)));
        let sender = named_client.or(peer);
        if let Some(wait) = throttle.wait(sender, headers) {
            return Err(denial::too_many_failures(wait));
        }
        let client = if from == Credentials::PassedOn && named_client.is_none() {
            clients.find_forwarded(peer, headers)
        } else {
            clients.find_exactly(sender, headers)
        };
        let found = match from {
            Credentials::InHeaders => self.authenticate(headers, tenant, client).await,
            Credentials::PassedOn | Credentials::OfGuarded => {
                self.authenticate_passed_on(headers, tenant, client).await
            }
            Credentials::OfClients => self.authenticate_client(headers, tenant, client).await,
        };
        found.map_err(|problem| {
            if problem.kind() != ProblemType::Unauthorized {
                return problem;
            }
            let is_presented = credential::is_presented(headers);
            // Who brings none guesses at nothing: a browser or a probe that does not know the address.
            if is_presented && let Some(wait) = throttle.failed(sender, headers) {
                return denial::too_many_failures(wait);
            }
            match from {
                Credentials::InHeaders | Credentials::PassedOn | Credentials::OfGuarded => problem,
                Credentials::OfClients => denial::offering_client_secret(problem, is_presented),
            }
        })
    }
}
