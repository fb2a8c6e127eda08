//! `neokeys serve`: the service, until it is told to stop.

use std::net::SocketAddr;

use clap::Args;
use secrecy::ExposeSecret as _;

use super::Place;
use super::failure::Failure;
use super::output::Output;
use crate::connections;
use crate::contract::{ListApiKeys, Operation as _, PublicUrl, parameter};
use crate::domain::show_span;
use crate::http::{CONSOLE, SWAGGER_UI};
use crate::settings::Settings;
use crate::startup::{Application, DEV_TOKEN_LIFETIME, Development, StartError};
use crate::telemetry;

/// The way to serve.
#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    place: Place,
    /// The IP address and port to listen on, as in the setting of this name.
    #[arg(long, value_name = "ADDR", value_parser = crate::settings::parse_socket_address)]
    listen: Option<SocketAddr>,
    /// Try it out on one machine: creates the store and a tenant, signs anybody in, and prints a token
    /// to start with.
    #[arg(long)]
    dev: bool,
}

/// Serves until SIGTERM or SIGINT.
pub(super) fn serve(arguments: &ServeArguments, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut settings = arguments.place.settings()?;
    if let Some(listen) = arguments.listen {
        settings.listen = listen;
    }
    telemetry::init(settings.log, connections::LIBRARY);
    if !settings.ignored_variables.is_empty() {
        let variables = settings.ignored_variables.join(" ");
        tracing::debug!(
            variables,
            "ignoring environment variables that a platform made from service names"
        );
    }
    let system = actix_web::rt::System::new();
    let ended = system.block_on(run(settings, arguments.dev, output));
    // The process ends now. A look-up or a read that hangs in one of the runtime's threads must not
    // hold it, as dropping the runtime would.
    std::mem::forget(system);
    telemetry::finish();
    ended
}

async fn run(settings: Settings, dev: bool, output: &mut Output<'_>) -> Result<(), Failure> {
    let (console, swagger_ui) = (settings.console.enabled, settings.swagger_ui.enabled);
    let pages = [("Console:", console, CONSOLE), ("Swagger UI:", swagger_ui, SWAGGER_UI)];
    let public_url = settings.contract.public_url.clone();
    let application = match Application::start(settings, dev).await {
        Err(StartError::ToldToEnd(name)) => {
            tracing::info!("{name}: stopping before the service has started");
            return Ok(());
        }
        started => started.map_err(|error| start(&error))?,
    };
    let origin = application.origin();
    output.write(&format!("neokeys listens on {origin}\n"))?;
    if let Some(metrics) = application.metrics() {
        output.write(&format!("Metrics for Prometheus are at {metrics}\n"))?;
    }
    if let Some(development) = application.development() {
        let address = public_url.as_ref().map_or(origin, PublicUrl::as_str);
        output.write(&beginning(address, &pages, development))?;
    }
    application.run().await.map_err(|error| Failure::refused(&error))
}

fn start(error: &StartError) -> Failure {
    match error {
        StartError::NotLoopback(_)
        | StartError::Bearer(_)
        | StartError::Tls(_)
        | StartError::NoExtAuthz
        | StartError::ClientCaWithoutTls
        | StartError::Traces(_) => Failure::usage(error),
        StartError::Bind { setting, .. } => {
            let place = if *setting == "listen" { "--listen" } else { setting };
            let hint = format!("choose another address with {place}; port 0 is any free port");
            Failure::refused(error).hint(hint)
        }
        StartError::Store(_) => Failure::refused(error)
            .hint("choose another with --store, or create it with `neokeys tenants create` or `serve --dev`"),
        StartError::Signals(_)
        | StartError::ToldToEnd(_)
        | StartError::DevTenant(_)
        | StartError::DevIssuer(_) => Failure::refused(error),
    }
}

/// The first steps of a developer, with those pages that are there.
fn beginning(address: &str, pages: &[(&str, bool, &str)], development: &Development) -> String {
    let Development { token, tenant } = development;
    let token = token.expose_secret();
    let (tenant, lifetime) = (tenant.as_str(), show_span(DEV_TOKEN_LIFETIME));
    let path = ListApiKeys::PATH.replace(&format!("{{{}}}", parameter::TENANT_ID), tenant);
    let pages = pages.iter().filter(|(_, is_there, _)| *is_there);
    let pages: String =
        pages.map(|(name, _, page)| format!("{name:<15}{address}{page}\n")).collect();
    format!(
        "
{pages}Bearer token:  {token}
               (has all permissions in the tenant {tenant} for {lifetime}, while this server runs)

curl -H 'Authorization: Bearer {token}' {address}{path}
"
    )
}
