use serde_json::json;

use super::*;
use crate::{key::Key, test_database::on_both};

#[actix_web::test]
async fn stored_ack_refers_to_row_by_key_of_any_kind() {
    on_both(async |db| {
        let keys: [Key; 3] = [7.into(), "it's".into(), vec![10248.into(), "é".into()].into()];
        for (at, key) in (1..).zip(keys) {
            let fingerprint = Fingerprint::of(json!({ "at": at }), FieldErrors::new());
            let requester = Requester { user: None, peer: None };
            let request = IdempotentRequest::new(
                Uuid::from_u128(at),
                ("new_room", RawValue::NULL),
                &fingerprint,
                requester,
            )
            .unwrap();
            let stored = StoredAck { ack: "{}".to_owned(), row: Some(("rooms".to_owned(), key)) };
            let store = (request.clone(), stored.clone());
            let write = async move |db: &Transaction| store.0.store_ack(db, &store.1).await;
            db.write(write).await.unwrap();
            let read = async move |db: &Transaction| request.stored_ack(db).await;
            assert_eq!(db.read(read).await.unwrap(), Some(stored));
        }
    })
    .await;
}
