//! The descriptions of single answers in the extensions document: a type each, with its status.

/// Declares them: a doc comment, a name, a status, and the response or its builder.
macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident: $status:literal, $response:expr;)*) => {
        $(
            $(#[$doc])*
            pub(in crate::http) struct $name;

            impl utoipa::IntoResponses for $name {
                fn responses() -> std::collections::BTreeMap<
                    String,
                    utoipa::openapi::RefOr<utoipa::openapi::Response>,
                > {
                    let response = utoipa::openapi::Response::from($response);
                    std::collections::BTreeMap::from([($status.to_owned(), response.into())])
                }
            }
        )*
    };
}

pub(in crate::http) use answers;
