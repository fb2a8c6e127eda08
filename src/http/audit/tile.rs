//! `GET` of a tile: hashes of the tree, or the lines that they are of.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};

use super::unreadable::{head, not_logged, unreadable};
use crate::audit::TenantTrail;
use crate::auth::ScopedAuthorize;
use crate::contract::Operation as _;
use crate::http::key_service::Keys;
use crate::http::operations::GetAuditTile;
use crate::problem::Problem;
use crate::transparency::{TileContent, TreeReader, entry_bundle, tile_bytes};

#[utoipa::path(
    get,
    path = "/api/{tenantId}/admin/audit/tile/{path}",
    operation_id = "getAuditTile",
    tag = GetAuditTile::TAG,
    summary = GetAuditTile::SUMMARY,
    description = GetAuditTile::DESCRIPTION,
    params(crate::contract::ListApiKeys, super::description::TilePath),
    responses(super::description::Tiled, super::description::OfLog, crate::http::refusals::Refused),
)]
pub(in crate::http) async fn get_audit_tile(
    caller: ScopedAuthorize<GetAuditTile>,
    keys: Keys,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let size = head(&caller, &keys).await?.map_or(0, |head| head.size);
    let path = request.match_info().get("path").unwrap_or_default();
    let Ok(content) = path.parse() else {
        return Err(not_logged("This is not the path of a tile."));
    };
    let (TileContent::Hashes(tile) | TileContent::Entries(tile)) = content;
    if !tile.is_due(size) {
        return Err(not_logged("The log is not long enough for this tile."));
    }
    let log = TenantTrail::new(&*keys.trail, caller.tenant());
    let bytes = match content {
        TileContent::Hashes(tile) => {
            tile_bytes(&TreeReader::new(&log).tile(tile).await.map_err(unreadable)?)
        }
        TileContent::Entries(tile) => {
            let lines = log.lines(tile.range()).await.map_err(unreadable)?;
            entry_bundle(lines.iter().map(|line| &**line))
                .ok_or_else(|| not_logged("A line of this tile is too long for a bundle."))?
        }
    };
    Ok(HttpResponse::Ok().content_type(ContentType::octet_stream()).body(bytes))
}
