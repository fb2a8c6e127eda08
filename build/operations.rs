//! The operations under `paths`: what they are, who may call them, which bodies they take and give.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::document::{Fault, Node};
use super::names;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// One operation, with the places in the document that its source needs again.
pub(super) struct Operation<'a> {
    pub(super) node: Node<'a>,
    pub(super) name: String,
    method: Ident,
    path: &'a str,
    tag: &'a str,
    summary: &'a str,
    description: &'a str,
    scope: &'a str,
    parameters: Vec<&'a str>,
    success: u16,
    request_media_types: Vec<&'a str>,
    response_media_types: Vec<&'a str>,
}

/// Reads every operation, in the document's order.
pub(super) fn read<'a>(root: &Node<'a>) -> Result<Vec<Operation<'a>>, Fault> {
    let mut operations: Vec<Operation<'a>> = Vec::new();
    for (path, item) in root.member("paths")?.members()? {
        item.demand_known_members(&METHODS)?;
        for (method, node) in item.members()? {
            let operation = read_operation(method, path, node)?;
            if let Some(other) = operations.iter().find(|other| other.name == operation.name) {
                let other = other.node.pointer();
                let sentence = format!("its name, {}, is that of {other} too", operation.name);
                return Err(operation.node.fault(sentence));
            }
            operations.push(operation);
        }
    }
    if operations.is_empty() {
        return Err(root.member("paths")?.fault("holds no operation"));
    }
    Ok(operations)
}

fn read_operation<'a>(method: &str, path: &'a str, node: Node<'a>) -> Result<Operation<'a>, Fault> {
    node.demand_known_members(&[
        "operationId",
        "tags",
        "summary",
        "description",
        "parameters",
        "requestBody",
        "responses",
    ])?;
    let tags = node.member("tags")?;
    let [tag] = &tags.items()?[..] else {
        return Err(tags.fault("an operation has exactly one tag"));
    };
    let tag = tag.text()?;
    let description = node.member("description")?;
    let (success, response) = read_success(&node.member("responses")?)?;
    Ok(Operation {
        name: read_name(method, path, &node)?,
        method: format_ident!("{}", method.to_ascii_uppercase()),
        path,
        tag,
        summary: node.member("summary")?.text()?,
        description: description.text()?,
        scope: read_scope(&description)?,
        parameters: read_parameters(path, &node)?,
        success,
        request_media_types: read_request_media_types(&node)?,
        response_media_types: match response.find("content") {
            Some(content) => content.members()?.into_iter().map(|(name, _)| name).collect(),
            None => Vec::new(),
        },
        node,
    })
}

fn read_name(method: &str, path: &str, node: &Node<'_>) -> Result<String, Fault> {
    let Some(id) = node.find("operationId") else {
        return names::operation_from_shape(method, path).ok_or_else(|| {
            node.fault("no rule names an operation of this method and path; give it an operationId")
        });
    };
    names::operation_from_id(id.text()?)
        .ok_or_else(|| id.fault("an operationId is one word of ASCII letters and digits"))
}

/// The one scope that a description demands: ``Requires `tenant.apiKey:read` scope.``
fn read_scope<'a>(description: &Node<'a>) -> Result<&'a str, Fault> {
    let demanded = |part: &'a str| {
        part.split_once('`').filter(|(_, rest)| rest.starts_with(" scope")).map(|(scope, _)| scope)
    };
    let mut scopes = description.text()?.split("Requires `").skip(1).filter_map(demanded);
    let form = "write \"Requires `<scope>` scope.\" once";
    let scope = scopes
        .next()
        .filter(|scope| !scope.is_empty())
        .ok_or_else(|| description.fault(format!("the operation demands no scope; {form}")))?;
    match scopes.next() {
        Some(_) => Err(description.fault(format!("the operation demands several scopes; {form}"))),
        None => Ok(scope),
    }
}

/// The names in the path's template, which must be the parameters that are described.
fn read_parameters<'a>(path: &'a str, node: &Node<'a>) -> Result<Vec<&'a str>, Fault> {
    let in_path: Vec<&str> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .collect();
    let Some(parameters) = node.find("parameters") else {
        return if in_path.is_empty() {
            Ok(in_path)
        } else {
            Err(node.fault("has no member `parameters` for the names in its path"))
        };
    };
    let mut described = Vec::new();
    for parameter in parameters.items()? {
        let name = parameter.member("name")?;
        if parameter.member("in")?.text()? != "path" {
            return Err(parameter.fault("the generator knows parameters in the path alone"));
        }
        if !in_path.contains(&name.text()?) || !names::is_plain_word(name.text()?) {
            return Err(name.fault("is no name in the operation's path"));
        }
        described.push(name.text()?);
    }
    match in_path.iter().find(|name| !described.contains(name)) {
        Some(name) => Err(parameters.fault(format!("the path's `{name}` is not described"))),
        None => Ok(in_path),
    }
}

fn read_success<'a>(responses: &Node<'a>) -> Result<(u16, Node<'a>), Fault> {
    let mut success = None;
    for (status, response) in responses.members()? {
        let code = status.parse::<u16>().ok().filter(|code| (100..600).contains(code));
        let code = code.ok_or_else(|| response.fault("is under no HTTP status"))?;
        if (200..300).contains(&code) && success.replace((code, response.clone())).is_some() {
            return Err(response.fault("is the operation's second successful response"));
        }
    }
    success.ok_or_else(|| responses.fault("holds no successful response"))
}

fn read_request_media_types<'a>(node: &Node<'a>) -> Result<Vec<&'a str>, Fault> {
    let Some(body) = node.find("requestBody") else { return Ok(Vec::new()) };
    if body.member("required")?.value() != true {
        return Err(body.fault("the generator knows required bodies alone"));
    }
    let content = body.member("content")?;
    let content = content.members()?;
    if content.is_empty() {
        return Err(body.fault("names no media type"));
    }
    Ok(content.into_iter().map(|(media_type, _)| media_type).collect())
}

/// The unit types, the table of them, and the names that they share.
pub(super) fn source(operations: &[Operation<'_>]) -> TokenStream {
    let types = operations.iter().map(operation_source);
    let descriptions = operations.iter().map(|operation| {
        let name = format_ident!("{}", operation.name);
        quote! { OperationDescription::of::<#name>() }
    });
    let mut scopes: Vec<&str> = Vec::new();
    let mut parameters: Vec<&str> = Vec::new();
    for operation in operations {
        if !scopes.contains(&operation.scope) {
            scopes.push(operation.scope);
        }
        for parameter in &operation.parameters {
            if !parameters.contains(parameter) {
                parameters.push(parameter);
            }
        }
    }
    let parameters = parameters.into_iter().map(|name| {
        let constant = names::constant(name);
        let doc = format!("`{{{name}}}` in a path.");
        quote! { #[doc = #doc] pub const #constant: &str = #name; }
    });
    quote! {
        #(#types)*
        /// Every operation, in the contract's order.
        pub const OPERATIONS: &[OperationDescription] = &[#(#descriptions),*];
        /// Every scope that an operation demands, once.
        pub const SCOPES: &[&str] = &[#(#scopes),*];
        /// Names of path parameters.
        pub mod parameter { #(#parameters)* }
    }
}

fn operation_source(operation: &Operation<'_>) -> TokenStream {
    let Operation { name, method, path, tag, summary, description, scope, success, .. } = operation;
    let Operation { request_media_types, response_media_types, .. } = operation;
    let type_name = format_ident!("{name}");
    let doc = format!("{summary}: `{method} {path}`.");
    let parameters = match operation.node.find("parameters") {
        Some(parameters) => {
            let pointer = parameters.pointer().to_owned();
            quote! { part(#pointer) }
        }
        None => quote! { Vec::new() },
    };
    let responses = format!("{}/responses", operation.node.pointer());
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, Copy)]
        pub struct #type_name;

        impl Operation for #type_name {
            const NAME: &'static str = #name;
            const METHOD: Method = Method::#method;
            const PATH: &'static str = #path;
            const TAG: &'static str = #tag;
            const SUMMARY: &'static str = #summary;
            const DESCRIPTION: &'static str = #description;
            const SCOPE: &'static str = #scope;
            const REQUEST_MEDIA_TYPES: &'static [&'static str] = &[#(#request_media_types),*];
            const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &[#(#response_media_types),*];
            const SUCCESS: u16 = #success;
        }

        impl utoipa::IntoParams for #type_name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                #parameters
            }
        }

        impl utoipa::IntoResponses for #type_name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                part(#responses)
            }
        }
    }
}
