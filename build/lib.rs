//! The generator of the build: from the text of an OpenAPI document to the source of
//! `neokeys::contract`. It knows the shapes that the documented contract has, and stops at any other: what it
//! does not understand must not be passed over in silence. And the commit that the program is made of.

mod commit;
mod document;
mod names;
mod operations;
mod overlay;
mod schemas;

use quote::quote;

pub use commit::{Commit, commit_of};
pub use document::Fault;
use document::Node;

/// The source of the contract.
///
/// # Errors
/// [`Fault`]: where the document cannot be understood, and why.
pub fn generate(text: &str) -> Result<String, Fault> {
    let document = document::parse(text)?;
    let root = Node::root(&document);
    document::demand_resolved_references(&root)?;
    let operations = operations::read(&root)?;
    let operation_source = operations::source(&operations);
    let schema_source = schemas::source(&root, &operations)?;
    let credential_source = credentials(&root)?;
    let tokens = quote! {
        #operation_source
        #schema_source
        #credential_source
    };
    let file = syn::parse2(tokens)
        .map_err(|error| Fault::new("", format!("the generated source does not parse: {error}")))?;
    Ok(prettyplease::unparse(&file))
}

/// The document with an overlay applied, as JSON.
///
/// # Errors
/// [`Fault`]: where the overlay, or the document after it, cannot be understood, and why.
pub fn overlaid(text: &str, overlay: &str) -> Result<String, Fault> {
    let document = document::parse(text)?;
    let overlay: serde_json::Value = serde_yaml::from_str(overlay)
        .map_err(|error| Fault::new("", format!("is no YAML: {error}")))?;
    let profile = overlay::apply(&document, &overlay)?;
    document::demand_resolved_references(&Node::root(&profile))?;
    Ok(profile.to_string())
}

/// How a caller may say who it is: one key in a header, one bearer token.
fn credentials(root: &Node<'_>) -> Result<proc_macro2::TokenStream, Fault> {
    let schemes = root.member("components")?.member("securitySchemes")?;
    let (mut key, mut bearer) = (None, None);
    for (name, scheme) in schemes.members()? {
        let place = match scheme.member("type")?.text()? {
            "apiKey" if scheme.member("in")?.text()? == "header" => &mut key,
            "oauth2" => &mut bearer,
            _ => return Err(scheme.fault("is neither an API key in a header nor OAuth 2")),
        };
        if place.replace((name, scheme.clone())).is_some() {
            return Err(scheme.fault("is the second security scheme of its type"));
        }
    }
    let (key_name, key) =
        key.ok_or_else(|| schemes.fault("has no scheme for an API key in a header"))?;
    let (bearer_name, _) = bearer.ok_or_else(|| schemes.fault("has no OAuth 2 scheme"))?;
    let header = key.member("name")?;
    let lower_case = header.text()?.to_ascii_lowercase();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if lower_case.is_empty() || !lower_case.bytes().all(is_name) {
        return Err(header.fault("is no name of a header: ASCII letters, digits and hyphens"));
    }
    let header = header.text()?;
    Ok(quote! {
        /// The header that an API key comes in.
        pub const API_KEY_HEADER: HeaderName = HeaderName::from_static(#lower_case);
        /// Its name, as people read it.
        pub const API_KEY_HEADER_TEXT: &str = #header;
        /// The name of the API key's security scheme.
        pub const API_KEY_SCHEME_NAME: &str = #key_name;
        /// The name of the bearer token's security scheme.
        pub const BEARER_SCHEME_NAME: &str = #bearer_name;
    })
}
