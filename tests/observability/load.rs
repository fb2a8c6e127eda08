//! A load that makes every metric move.

use serde_json::json;

use crate::KEYS;
use neokeys_testkit::{Client, Service, document, entry, token_of};

/// Every operation, done and refused; a document that is edited by hand, torn and mended.
pub async fn every_kind(service: &Service) {
    let admin = service.admin();
    let permissions = json!(["tenant.apiKey:read"]);
    admin.get(KEYS).await;
    admin.post(KEYS, json!({"name": "made", "permissions": permissions})).await;
    admin.post(KEYS, json!({"name": "made", "permissions": permissions})).await;
    let made = format!("{KEYS}/made");
    admin.get(&made).await;
    admin.put(&made, json!({"enabled": false, "permissions": permissions})).await;
    admin.delete(&made).await;
    admin.delete(&made).await;
    service.client().get(KEYS).await;
    service.client().with_api_key("unknown").get(KEYS).await;
    let token = service.issuer.token(&["t1"], &["tenant.apiKey:read"]);
    service.client().with_bearer(&token).get(KEYS).await;
    service.client().with_bearer("nonsense").get(KEYS).await;
    Client::of_another(service.origin()).get("/health/ready").await;
    edit_by_hand(service).await;
}

/// Tenant `t2` is edited by hand: well, badly, and well again.
pub async fn edit_by_hand(service: &Service) {
    let client = service.client().with_api_key(&token_of("other"));
    let keys = KEYS.replace("t1", "t2");
    let good = document(&[entry("other", true, &["*"])]);
    for text in [good.clone() + "  - name: no-key\n", good.clone() + "  - {", good] {
        service.replace_document("t2", &text);
        assert_eq!(client.get(&keys).await.status, 200);
    }
}
