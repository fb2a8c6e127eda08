//! Finding who answers a request: by its path, segment by segment, then by its method.
//!
//! The framework matches a compiled pattern for each resource in turn and puts several services around
//! each handler, which cost a request as much as all else that is done for it. Here the whole table is
//! one service, and authentication is a call in it.

use std::rc::Rc;

use actix_web::dev::{
    Extensions, Service as _, ServiceFactory, ServiceRequest, ServiceResponse, fn_factory,
    fn_service,
};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{Error, FromRequest, Handler, Responder, Route, web};

use super::edge::matched_route::MatchedRoute;
use super::edge::public_address::public_address;
use super::guard_refusals;
use super::pages::openapi::DOCUMENTED_JSON;
use super::pages::protected_resource::name_in_challenges;
use super::path_pattern::PathPattern;
use crate::auth::{Credentials, identify_caller};
use crate::contract::Operation;
use crate::problem::{Problem, ProblemType};

/// The addresses of the service; what is asked for most comes first.
#[derive(Default)]
pub(super) struct Router(Vec<Address>);

/// A path and its handlers.
pub(super) struct Address {
    path: &'static str,
    routes: Vec<Handled<Route>>,
    vetted: Option<Vetting>,
}

/// A judgement of an address's own text, whoever asks there.
type Vetting = fn(&ServiceRequest) -> Result<(), Problem>;

/// A handler, as it was given or as a worker has it.
struct Handled<H> {
    /// The method that it is for, and HEAD with GET; none: all of them.
    method: Option<Method>,
    /// Who is let in; none: anybody.
    credentials: Option<Credentials>,
    handler: H,
    /// The data that is left with the request.
    matched: Rc<Extensions>,
}

impl Address {
    /// A path, with parameters in braces, at which nobody answers yet.
    pub(super) fn at(path: &'static str) -> Self {
        Self { path, routes: Vec::new(), vetted: None }
    }

    /// A page for anybody: GET and HEAD.
    pub(super) fn page<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::at(path).with(Some(Method::GET), None, handler)
    }

    /// With a handler of an operation, at its method and behind authentication.
    pub(super) fn operation<O, F, Args>(self, credentials: Credentials, handler: F) -> Self
    where
        O: Operation,
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.with(Some(O::METHOD), Some(credentials), handler)
    }

    /// With a handler of an operation that anybody may ask for, at its method.
    pub(super) fn public<O, F, Args>(self, handler: F) -> Self
    where
        O: Operation,
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.with(Some(O::METHOD), None, handler)
    }

    /// With a handler of every method, behind authentication.
    pub(super) fn any<F, Args>(self, credentials: Credentials, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.with(None, Some(credentials), handler)
    }

    /// With a judgement of what stands in the path, before anybody is asked who they are: whoever wrote
    /// the address is told of a slip, and that is seldom who calls.
    pub(super) fn vetted_by(self, vetting: Vetting) -> Self {
        Self { vetted: Some(vetting), ..self }
    }

    fn with<F, Args>(
        mut self,
        method: Option<Method>,
        credentials: Option<Credentials>,
        handler: F,
    ) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let matched = MatchedRoute::of_method(self.path, method.as_ref()).into_data();
        let handler = web::route().to(handler);
        self.routes.push(Handled { method, credentials, handler, matched });
        self
    }
}

impl Router {
    /// Adds an address.
    pub(super) fn add(&mut self, address: Address) -> &mut Self {
        self.0.push(address);
        self
    }

    /// The service that answers at all addresses, and at what is none.
    pub(super) fn into_factory(
        self,
    ) -> impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = Error,
        InitError = (),
    > {
        let addresses = Rc::new(self.0);
        fn_factory(move || {
            let addresses = Rc::clone(&addresses);
            async move {
                let mut table = Vec::new();
                for address in addresses.iter() {
                    table.push(ServedAddress::of(address).await?);
                }
                let table = Rc::new(Table(table));
                Ok(fn_service(move |request| Rc::clone(&table).answer(request)))
            }
        })
    }
}

/// A worker's addresses.
struct Table(Vec<ServedAddress>);

struct ServedAddress {
    pattern: PathPattern,
    routes: Vec<Handled<<Route as ServiceFactory<ServiceRequest>>::Service>>,
    vetted: Option<Vetting>,
    allowed: HeaderValue,
    /// The data that is left with a request whose method is none of the address's.
    matched: Rc<Extensions>,
}

impl ServedAddress {
    async fn of(address: &Address) -> Result<Self, ()> {
        let mut routes = Vec::new();
        for Handled { method, credentials, handler, matched } in &address.routes {
            let (method, credentials, matched) = (method.clone(), *credentials, Rc::clone(matched));
            let handler = handler.new_service(()).await?;
            routes.push(Handled { method, credentials, handler, matched });
        }
        let pattern = PathPattern::parse(address.path);
        let matched = MatchedRoute::of_no_operation(address.path).into_data();
        let allowed = allowed(routes.iter().filter_map(|route| route.method.as_ref()));
        Ok(Self { pattern, routes, vetted: address.vetted, allowed, matched })
    }
}

impl Table {
    async fn answer(self: Rc<Self>, mut request: ServiceRequest) -> Result<ServiceResponse, Error> {
        let mut addresses = self.0.iter();
        let Some(address) = addresses.find(|it| it.pattern.capture(request.match_info_mut()))
        else {
            let problem = path_not_found(&request);
            return Ok(request.error_response(problem));
        };
        let asked = match request.method() {
            &Method::HEAD => &Method::GET,
            other => other,
        };
        let is_route = |wanted: &Option<Method>| wanted.as_ref().is_none_or(|it| it == asked);
        let Some(route) = address.routes.iter().find(|it| is_route(&it.method)) else {
            request.add_data_container(Rc::clone(&address.matched));
            return Ok(request.error_response(method_not_allowed(&address.allowed)));
        };
        request.add_data_container(Rc::clone(&route.matched));
        if let Some(vetting) = address.vetted
            && let Err(problem) = vetting(&request)
        {
            return Ok(request.error_response(problem));
        }
        // Before the handler's arguments are taken: the framework polls all of them together, and one
        // that has to wait loses against a body that is bad at once.
        if let Some(credentials) = route.credentials
            && let Err(problem) = identify_caller(&request, credentials).await
        {
            let asks = problem.kind() == ProblemType::Unauthorized;
            let mut refused = request.error_response(problem);
            // What a gateway asks about is another's resource.
            if asks && credentials != Credentials::PassedOn {
                let request = refused.request().clone();
                name_in_challenges(&request, refused.headers_mut());
            }
            return Ok(refused);
        }
        let response = route.handler.call(request).await?;
        if response.status() == ProblemType::InsufficientScope.status() {
            guard_refusals::note(response.request());
        }
        Ok(response)
    }
}

/// The value of `Allow` for these methods.
#[expect(clippy::expect_used, reason = "the names of methods are tokens, which a header may hold")]
fn allowed<'m>(methods: impl Iterator<Item = &'m Method>) -> HeaderValue {
    let with_head = |method: &'m Method| {
        if method == Method::GET { vec!["GET", "HEAD"] } else { vec![method.as_str()] }
    };
    let named: Vec<_> = methods.flat_map(with_head).collect();
    HeaderValue::try_from(named.join(", ")).expect("names of methods are visible ASCII")
}

fn method_not_allowed(allowed: &HeaderValue) -> Problem {
    Problem::new(ProblemType::MethodNotAllowed, "The Allow header names the methods.")
        .with_header(ALLOW, allowed.clone())
}

fn path_not_found(request: &ServiceRequest) -> Problem {
    let document = public_address(request.request(), DOCUMENTED_JSON);
    let detail = format!("Compare the path with the OpenAPI document at {document}.");
    Problem::new(ProblemType::PathNotFound, detail)
}
