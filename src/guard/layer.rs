//! The guard as a layer of tower.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{ConnectInfo, OriginalUri};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use super::refusal::{self, Refused};
use crate::auth::{Authenticator, Credentials, Unidentified};
use crate::domain::TenantId;
use crate::http::foreign_headers;

/// A layer of tower whose service begins only for callers with a valid credential; [`Guard::layer`] makes it.
///
/// What is refused is answered here, and so is what a handler refuses by
/// [`ScopedAuthorize`](super::ScopedAuthorize) or by giving back a [`Problem`](super::Problem). A client's
/// address is that of axum's `ConnectInfo<SocketAddr>`; where the service is not made with that, it is not known.
///
/// [`Guard::layer`]: super::Guard::layer
#[derive(Clone)]
pub struct Layer(Arc<Shared>);

/// A service that a [`Layer`] stands before.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    shared: Arc<Shared>,
}

struct Shared {
    authenticator: Authenticator,
    /// Segments, of which one names the tenant.
    path: Box<str>,
}

/// The segment that names the tenant.
const TENANT: &str = "{tenantId}";

impl Layer {
    pub(super) fn new(authenticator: Authenticator, path: &str) -> Self {
        Self(Arc::new(Shared { authenticator, path: path.into() }))
    }
}

impl<S> tower_layer::Layer<S> for Layer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, shared: Arc::clone(&self.0) }
    }
}

impl<S, Body, Answer> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Answer>> + Clone + Send + 'static,
    S::Future: Send,
    Body: Send + 'static,
    Answer: From<Bytes> + 'static,
{
    type Response = Response<Answer>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that is ready, and not its copy.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let pairs = parts.headers.iter();
            let headers = foreign_headers(pairs.map(|(name, it)| (name.as_str(), it.as_bytes())));
            let unidentified = Unidentified {
                headers: &headers,
                tenant: shared.tenant(&parts),
                peer: peer(&parts),
                named_client: None,
            };
            let identified = shared.authenticator.identify(unidentified, Credentials::OfGuarded);
            match identified.await {
                Ok(caller) => drop(parts.extensions.insert(caller)),
                Err(problem) => return Ok(refusal::answer(&problem, &headers)),
            }
            let mut answer = inner.call(Request::from_parts(parts, body)).await?;
            match answer.extensions_mut().remove::<Refused>() {
                Some(Refused(problem)) => Ok(refusal::answer(&problem, &headers)),
                None => Ok(answer),
            }
        })
    }
}

impl Shared {
    /// The tenant that a request's path names, after one percent-decoding.
    fn tenant(&self, parts: &Parts) -> Option<TenantId> {
        // A router that is nested takes the beginning of the path away.
        let whole = parts.extensions.get::<OriginalUri>().map(|original| original.0.path());
        let mut segments = whole.unwrap_or(parts.uri.path()).split('/').skip(1);
        let mut tenant = None;
        for wanted in self.path.trim_matches('/').split('/') {
            let segment = segments.next()?;
            if wanted == TENANT {
                let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
                tenant = TenantId::parse(&decoded).ok();
            } else if wanted != segment {
                return None;
            }
        }
        tenant
    }
}

/// The other end of the connection.
fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}
