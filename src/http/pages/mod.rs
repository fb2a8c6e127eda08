//! Pages for anybody: health, the OpenAPI documents, Swagger UI, and what each problem means.

pub(super) mod extensions_document;
pub(super) mod health;
pub(super) mod one_origin;
pub(super) mod openapi;
pub(super) mod problem_pages;
pub(super) mod protected_resource;
pub(super) mod security_txt;
pub(super) mod swagger_ui;
