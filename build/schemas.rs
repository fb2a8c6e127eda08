//! The component schemas as types: bodies that come in, bodies that go out, problems.
//!
//! What a schema is for follows from where the operations use it. Each use gives another type: a
//! request keeps every member optional, because its reader tells all faults at once; a response
//! borrows what it shows; a problem may leave out any member.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::document::{Fault, Node};
use super::names;
use super::operations::Operation;

/// The purpose of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Request,
    Response,
    Problem,
}

struct Used<'a> {
    name: &'a str,
    purpose: Use,
    /// Where an operation refers to it: for a request, the whole place is taken into annotations.
    place: Node<'a>,
}

/// The type of a member's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Boolean,
    Integer,
    StringArray,
    StringArrayMap,
}

struct Member<'a> {
    name: &'a str,
    node: Node<'a>,
    kind: Kind,
    nullable: bool,
    required: bool,
}

/// The types of all schemas that operations use.
pub(super) fn source(root: &Node<'_>, operations: &[Operation<'_>]) -> Result<TokenStream, Fault> {
    let mut used: Vec<Used<'_>> = Vec::new();
    let mut source = TokenStream::new();
    for operation in operations {
        for found in uses(&operation.node)? {
            if found.purpose == Use::Request {
                let (name, body) =
                    (format_ident!("{}", operation.name), format_ident!("{}", found.name));
                source.extend(quote! { impl OperationWithBody for #name { type Body = #body; } });
            }
            match used.iter().find(|known| known.name == found.name) {
                Some(known) if known.purpose == found.purpose => {}
                Some(known) => {
                    return Err(found.place.fault(format!(
                        "`{}` is used as {:?} here and as {:?} at {}",
                        found.name,
                        found.purpose,
                        known.purpose,
                        known.place.pointer()
                    )));
                }
                None => used.push(found),
            }
        }
    }
    let schemas = root.member("components")?.member("schemas")?;
    for schema in used {
        source.extend(type_source(root, &schemas, &schema)?);
    }
    Ok(source)
}

/// The schemas that one operation refers to.
fn uses<'a>(operation: &Node<'a>) -> Result<Vec<Used<'a>>, Fault> {
    let mut found = Vec::new();
    if let Some(body) = operation.find("requestBody") {
        let content = body.member("content")?.members()?;
        let mut first: Option<Node<'a>> = None;
        for (_, media_type) in content {
            let place = media_type.member("schema")?;
            let name = referred(&place.member("$ref")?)?;
            if first.as_ref().is_some_and(|first| first.value() != place.value()) {
                return Err(place.fault("is not the schema of the body's other media types"));
            }
            if first.is_none() {
                found.push(Used { name, purpose: Use::Request, place: place.clone() });
            }
            first = Some(place);
        }
    }
    for (status, response) in operation.member("responses")?.members()? {
        let purpose = if status.starts_with('2') { Use::Response } else { Use::Problem };
        let Some(content) = response.find("content") else { continue };
        for (_, media_type) in content.members()? {
            let mut waiting = vec![media_type.member("schema")?];
            while let Some(place) = waiting.pop() {
                if let Some(reference) = place.find("$ref") {
                    found.push(Used { name: referred(&reference)?, purpose, place });
                } else if let Some(items) = place.find("items") {
                    waiting.push(items);
                } else {
                    waiting.extend(place.member("oneOf")?.items()?.into_iter().rev());
                }
            }
        }
    }
    Ok(found)
}

fn referred<'a>(reference: &Node<'a>) -> Result<&'a str, Fault> {
    reference
        .text()?
        .strip_prefix("#/components/schemas/")
        .filter(|name| names::is_plain_word(name))
        .ok_or_else(|| reference.fault("is no reference to a component schema"))
}

/// The members of an object schema, those of its `allOf` first.
fn members<'a>(root: &Node<'a>, schema: &Node<'a>) -> Result<Vec<Member<'a>>, Fault> {
    schema.demand_known_members(&[
        "type",
        "required",
        "properties",
        "allOf",
        "additionalProperties",
        "description",
    ])?;
    let kind = schema.member("type")?;
    if kind.text()? != "object" {
        return Err(kind.fault("the generator knows objects alone here"));
    }
    let mut gathered = Vec::new();
    if let Some(parts) = schema.find("allOf") {
        for part in parts.items()? {
            let name = referred(&part.member("$ref")?)?;
            let base = root.member("components")?.member("schemas")?.member(name)?;
            if base.find("allOf").is_some() {
                return Err(part.fault("the generator knows one level of `allOf` alone"));
            }
            gathered.extend(members(root, &base)?);
        }
    }
    let mut required = match schema.find("required") {
        Some(required) => required.items()?,
        None => Vec::new(),
    };
    for (name, node) in schema.member("properties")?.members()? {
        if !names::is_plain_word(name) || gathered.iter().any(|other| other.name == name) {
            return Err(node.fault("is no new member of one ASCII word"));
        }
        let (kind, nullable) = kind_of(&node)?;
        let before = required.len();
        required.retain(|demanded| demanded.value() != name);
        gathered.push(Member { name, kind, nullable, required: required.len() < before, node });
    }
    match required.first() {
        Some(unknown) => Err(unknown.fault("is required, and is no property")),
        None => Ok(gathered),
    }
}

fn kind_of(schema: &Node<'_>) -> Result<(Kind, bool), Fault> {
    // Of these, the type of the value follows from the first four; the others bound or explain it.
    schema.demand_known_members(&[
        "type",
        "items",
        "additionalProperties",
        "format",
        "description",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "pattern",
    ])?;
    let declared = schema.member("type")?;
    let types = match declared.items() {
        Ok(types) => types.iter().map(Node::text).collect::<Result<Vec<_>, _>>()?,
        Err(_) => vec![declared.text()?],
    };
    let nullable = types.contains(&"null");
    let mut types = types.into_iter().filter(|name| *name != "null");
    let known = match (types.next(), types.next()) {
        (Some("string"), None) => Some(Kind::String),
        (Some("boolean"), None) => Some(Kind::Boolean),
        (Some("integer"), None)
            if schema.find("format").is_some_and(|it| it.value() == "int32") =>
        {
            Some(Kind::Integer)
        }
        (Some("array"), None) if kind_of(&schema.member("items")?)? == (Kind::String, false) => {
            Some(Kind::StringArray)
        }
        (Some("object"), None)
            if kind_of(&schema.member("additionalProperties")?)? == (Kind::StringArray, false) =>
        {
            Some(Kind::StringArrayMap)
        }
        _ => None,
    };
    let kind = known.ok_or_else(|| schema.fault("the generator does not know this type"))?;
    Ok((kind, nullable))
}

fn type_source(
    root: &Node<'_>,
    schemas: &Node<'_>,
    schema: &Used<'_>,
) -> Result<TokenStream, Fault> {
    let node = schemas.member(schema.name)?;
    let members = members(root, &node)?;
    let doc = match node.find("description") {
        Some(description) => description.text()?.to_owned(),
        None => format!("`{}` of the contract.", schema.name),
    };
    let doc = quote! { #[doc = #doc] };
    match schema.purpose {
        Use::Request => request_source(schema, &doc, &members),
        Use::Response => borrowed_source(schema.name, &doc, &quote!(), &members),
        Use::Problem => {
            let derives = quote! { Debug, Clone, Default, PartialEq, Eq, };
            borrowed_source(schema.name, &doc, &derives, &members)
        }
    }
}

/// A body that goes out. A response gets no `Debug`, because one of them holds a secret.
fn borrowed_source(
    name: &str,
    doc: &TokenStream,
    derives: &TokenStream,
    members: &[Member<'_>],
) -> Result<TokenStream, Fault> {
    let name = format_ident!("{name}");
    let mut fields = TokenStream::new();
    for member in members {
        let doc = member_doc(member)?;
        let field = names::field(member.name);
        let rename = rename(member);
        let kind = match member.kind {
            Kind::String => quote! { &'a str },
            Kind::Boolean => quote! { bool },
            Kind::Integer => quote! { i32 },
            Kind::StringArray => quote! { Vec<&'a str> },
            Kind::StringArrayMap => {
                quote! { std::collections::BTreeMap<&'a str, Vec<&'a str>> }
            }
        };
        fields.extend(if member.required && !member.nullable {
            quote! { #doc #rename pub #field: #kind, }
        } else {
            quote! {
                #doc
                #[serde(skip_serializing_if = "Option::is_none")]
                #rename
                pub #field: Option<#kind>,
            }
        });
    }
    Ok(quote! {
        #doc
        #[derive(#derives serde::Serialize)]
        pub struct #name<'a> { #fields }
    })
}

/// A body that comes in, member by member.
fn request_source(
    schema: &Used<'_>,
    doc: &TokenStream,
    members: &[Member<'_>],
) -> Result<TokenStream, Fault> {
    let name = format_ident!("{}", schema.name);
    let (mut fields, mut arms, mut constants) =
        (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for member in members {
        let name = member.name;
        let kind = match (member.kind, member.nullable) {
            (Kind::String, false) => quote! { String },
            (Kind::Boolean, false) => quote! { bool },
            (Kind::StringArray, false) => quote! { Vec<String> },
            _ => return Err(member.node.fault("the reader of bodies does not know this type")),
        };
        let doc = member_doc(member)?;
        let field = names::field(name);
        fields.extend(quote! { #doc pub #field: Option<#kind>, });
        arms.extend(quote! { #name => self.#field = Some(MemberValue::read(value)?), });
        let constant = format_ident!("{}", name.to_uppercase());
        let doc = format!("The name of the member `{name}`.");
        constants.extend(quote! {
            #[doc = #doc]
            pub const #constant: &'static str = #name;
        });
    }
    let place = schema.place.pointer();
    let required = members.iter().filter(|it| it.required).map(|it| it.name);
    let known: Vec<_> = members.iter().map(|it| it.name).collect();
    let unknown = format!("There is no such member; the members are: {}.", known.join(", "));
    Ok(quote! {
        #doc
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct #name { #fields }

        impl #name { #constants }

        impl RequestBody for #name {
            const REQUIRED: &'static [&'static str] = &[#(#required),*];

            fn read_member(
                &mut self,
                name: &str,
                value: &serde_json::Value,
            ) -> Result<(), Vec<String>> {
                match name {
                    #arms
                    _ => return Err(vec![#unknown.to_owned()]),
                }
                Ok(())
            }
        }

        impl utoipa::PartialSchema for #name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                part(#place)
            }
        }

        impl utoipa::ToSchema for #name {}
    })
}

fn member_doc(member: &Member<'_>) -> Result<TokenStream, Fault> {
    let doc = match member.node.find("description") {
        Some(description) => description.text()?.to_owned(),
        None => format!("`{}` of the contract.", member.name),
    };
    Ok(quote! { #[doc = #doc] })
}

fn rename(member: &Member<'_>) -> TokenStream {
    let name = member.name;
    quote! { #[serde(rename = #name)] }
}
