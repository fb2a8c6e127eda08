//! The operation that reports leaked tokens, as the contract's are.

use actix_web::http::Method;

use crate::contract::Operation;

/// `POST` of GitHub's secret scanning.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct ReportLeaks;

impl Operation for ReportLeaks {
    const NAME: &'static str = "ReportLeaks";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/leaks/github";
    const TAG: &'static str = "Revocation";
    const SUMMARY: &'static str = "Report tokens that leaked";
    const DESCRIPTION: &'static str = "GitHub's secret scanning reports tokens that it found, signed with its \
        key. A setting of the deployment decides what happens to them.";
    const SCOPE: &'static str = "";
    const REQUEST_MEDIA_TYPES: &'static [&'static str] = &["application/json"];
    const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &["application/json"];
    const SUCCESS: u16 = 200;
}
