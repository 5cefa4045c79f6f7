//! What maps in trait objects are known by.

use std::collections::BTreeMap;

use crate::{ErrorKind, WriteOptions};

#[test]
fn keys_of_erased_maps_are_known_by_their_types() {
    let map = BTreeMap::from([("class", "Patch")]);
    let options = WriteOptions::new().python("model");
    // Keys of a map are no names of fields.
    options.to_vec(&map).unwrap();
    let error = options.to_vec(&map as &dyn erased_serde::Serialize).err();
    let is_refused = error
        .as_ref()
        .is_some_and(|error| error.kind() == ErrorKind::Unsupported && error.to_string().contains("in a trait object"));
    assert!(
        is_refused,
        "an upgrade of erased_serde gives keys as another type: `is_erased` in ser/python/dictionary.rs must know it, or a \
         trait object with the key `class` is written as what it may not be: {error:?}"
    );
}
