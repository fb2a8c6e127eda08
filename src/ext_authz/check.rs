//! The judgement of a question.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use envoy_types::ext_authz::v3::pb::{Authorization, CheckRequest, CheckResponse};
use tonic::{Request, Response, Status};

use super::demand::Demand;
use super::question::Question;
use super::record::Records;
use super::{Routes, answer};
use crate::auth::{Authenticator, Caller, Credentials, Unidentified};
use crate::contract::PublicUrl;
use crate::domain::KeyRepository;
use crate::http::{RequestId, WrittenProblem};
use crate::problem::Problem;

/// The parts that a judgement needs.
pub(crate) struct Judge {
    /// Who finds out who calls.
    pub authenticator: Authenticator,
    /// The keys.
    pub keys: Arc<dyn KeyRepository>,
    /// The demands of those whose gateway's route says nothing.
    pub routes: Routes,
    /// Where callers reach the service, if a proxy gives it an address of its own.
    pub public_url: Option<PublicUrl>,
    /// Where questions are noted.
    pub records: Records,
}

/// The other end of the connection that a question came by.
#[derive(Clone, Copy)]
pub(super) struct Gateway(pub Option<IpAddr>);

impl Judge {
    /// Whether a request may pass; leaves in `found` who sent it, once that is known.
    async fn authorize(
        &self,
        question: &Question,
        gateway: Option<IpAddr>,
        found: &mut Option<Caller>,
    ) -> Result<(), Problem> {
        let demand =
            Demand::find(&question.context, question.method(), question.target(), &self.routes)?;
        let unidentified = Unidentified {
            headers: &question.headers,
            tenant: Some(demand.tenant().clone()),
            peer: gateway,
            named_client: question.client,
        };
        let caller = self.authenticator.identify(unidentified, Credentials::PassedOn).await?;
        let caller = found.insert(caller);
        let suffice = |held: &_| demand.is_met_by(held);
        caller.pass(&*self.keys, suffice, || demand.refusal()).await.map(drop)
    }
}

#[tonic::async_trait]
impl Authorization for Judge {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let start = Instant::now();
        let gateway = request.extensions().get::<Gateway>().and_then(|gateway| gateway.0);
        let question = Question::of(request.into_inner());
        let question = question
            .ok_or_else(|| Status::invalid_argument("The question is about no HTTP request."))?;
        let id = RequestId::of(&question.headers);
        let mut caller = None;
        let judged = self.authorize(&question, gateway, &mut caller).await;
        let tenant = caller.as_ref().and_then(|caller| Some((caller, caller.tenant()?)));
        let answer = match (&judged, tenant) {
            (Ok(()), Some((caller, tenant))) => {
                answer::passed(tenant, caller, question.header_names())
            }
            (Ok(()), None) => return Err(Status::internal("Nobody was found who could pass.")),
            (Err(problem), _) => answer::refused(WrittenProblem::new(
                problem,
                &question.headers,
                id.clone(),
                self.public_url.as_ref(),
            )),
        };
        let problem = judged.as_ref().err();
        self.records.note(&question, gateway, &id, start.elapsed(), caller.as_ref(), problem);
        Ok(Response::new(answer))
    }
}
