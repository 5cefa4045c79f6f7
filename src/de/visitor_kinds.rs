//! Visitors whose code is known, as serde has or derives it: what they ask for can be given to them by a shorter way.

use std::any::type_name;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Visitor};

use super::visit::Visit;
use crate::h5::{self, Field, Number, Table, Vector};

/// Whether a struct whose fields are stored in the order in which they are asked for can be read as a sequence.
///
/// All visitors that serde derives take their fields either way; one written by hand may know only names.
#[derive(Debug, Default)]
pub(super) struct FieldOrder {
    /// The last that asked.
    last: Cell<Option<AskedOrder>>,
    /// All that asked, but for very many. Records in records have their places here, too.
    all: RefCell<Vec<AskedOrder>>,
}

/// What was asked by a visitor, and the answer.
#[derive(Clone, Copy, Debug)]
struct AskedOrder {
    /// The address of the fields that are stored.
    stored: usize,
    fields: &'static [&'static str],
    /// The name of the visitor's type.
    visitor: &'static str,
    is_kept: bool,
}

impl AskedOrder {
    #[inline]
    fn is_same_question(&self, other: &Self) -> bool {
        self.stored == other.stored
            && std::ptr::eq(self.fields, other.fields)
            && std::ptr::eq(self.visitor, other.visitor)
    }
}

impl FieldOrder {
    /// Whether that is so for these fields of a record, and a visitor of that name.
    #[inline]
    pub(super) fn is_kept(&self, fields: &'static [&'static str], visitor: &'static str, stored: &[Field]) -> bool {
        let asked = AskedOrder { stored: stored.as_ptr().addr(), fields, visitor, is_kept: false };
        match self.last.get() {
            Some(last) if last.is_same_question(&asked) => last.is_kept,
            _ => self.look(asked, &mut stored.iter().map(|field| field.name.as_str())),
        }
    }

    /// The same for fields that are always the same in what it is for.
    #[inline]
    pub(super) fn is_kept_by<'f>(
        &self,
        fields: &'static [&'static str],
        visitor: &'static str,
        stored: impl Iterator<Item = &'f str>,
    ) -> bool {
        let asked = AskedOrder { stored: 0, fields, visitor, is_kept: false };
        match self.last.get() {
            Some(last) if last.is_same_question(&asked) => last.is_kept,
            _ => self.look(asked, &mut { stored }),
        }
    }

    #[inline(never)]
    fn look(&self, asked: AskedOrder, stored: &mut dyn Iterator<Item = &str>) -> bool {
        /// Types have fewer records in them.
        const MAX_ASKED: usize = 32;
        let mut all = self.all.borrow_mut();
        if let Some(before) = all.iter().find(|before| before.is_same_question(&asked)) {
            return before.is_kept;
        }
        let is_kept = is_derived(asked.visitor) && stored.eq(asked.fields.iter().copied());
        let asked = AskedOrder { is_kept, ..asked };
        if all.len() < MAX_ASKED {
            all.push(asked);
        }
        self.last.set(Some(asked));
        is_kept
    }
}

/// Whether the name of a visitor's type is one that serde's derive gives.
fn is_derived(visitor: &str) -> bool {
    let generic = visitor.strip_suffix('>').and_then(|inner| {
        let mut open = 1;
        inner.char_indices().rev().find_map(|(at, char)| {
            open += i32::from(char == '>') - i32::from(char == '<');
            (open == 0).then(|| &inner[..at])
        })
    });
    let name = generic.unwrap_or(visitor);
    // Of a struct; and of the fields of a variant, whose visitor is within that of the enum.
    name.ends_with("::deserialize::__Visitor") || name.ends_with("::visit_enum::__Visitor")
}

/// Whether a seed is the one for the type itself that it makes, which reads just that: a `PhantomData`.
#[inline]
pub(super) fn is_of_type_itself<'de, S: DeserializeSeed<'de>>() -> bool {
    size_of::<S>() == 0 && typeid::of::<S>() == typeid::of::<PhantomData<S::Value>>()
}

/// How to make the vector that a visitor makes of numbers, if it is the one that serde has for vectors.
pub(super) fn vector_of(visit: &mut dyn Visit) -> Option<Vector> {
    let look = visit.look();
    look.room.vector().filter(|_| is_serdes(look.visitor))
}

/// How to make the vector of vectors that a visitor makes of rows of numbers, if it is the one that serde has for vectors.
pub(super) fn table_of(visit: &mut dyn Visit) -> Option<Table> {
    let look = visit.look();
    look.room.table().filter(|_| is_serdes(look.visitor))
}

/// The array that a visitor makes of `len` numbers of this type, which these bytes are, if it is the one that serde has for
/// arrays.
#[inline]
pub(super) fn array_of<'de, V: Visitor<'de>>(number: Number, len: usize, bytes: &[u8]) -> Option<V::Value> {
    if is_serdes(type_name::<V>()) { h5::array_of(number, len, bytes) } else { None }
}

/// Whether a visitor makes a vector of strings, and is the one that serde has for vectors.
pub(super) fn wants_strings(visit: &mut dyn Visit) -> bool {
    let look = visit.look();
    look.room.is_for_strings() && is_serdes(look.visitor)
}

/// Whether the name of a visitor's type is that of one of serde's own, which take what is there as it is.
#[inline]
pub(super) fn is_serdes(visitor: &str) -> bool {
    visitor.starts_with("serde_core::de::impls::") || visitor.starts_with("serde::de::impls::")
}

/// Whether a visitor is that of `serde_json::Value`, which has no bytes. It says so by what it expects.
pub(super) fn is_json(visit: &dyn Visit) -> bool {
    visit.expectation() == "any valid JSON value"
}

/// Whether a visitor is that of something with a tag: an internally tagged enum, or a trait object of typetag's. It says so by
/// what it expects, also where its type is erased.
pub(super) fn looks_for_tag(visit: &dyn Visit) -> bool {
    visit.expectation().starts_with("internally tagged enum ") || is_trait_object(visit)
}

/// Whether a visitor is that of a trait object of typetag's, or of the tag of one.
pub(super) fn is_trait_object(visit: &dyn Visit) -> bool {
    visit.expectation().starts_with("dyn ")
}

/// What other crates call their visitors, and what these say, is known here and is no promise of theirs.
#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::de::{Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess};
    use serde::{Deserialize, Serialize, forward_to_deserialize_any};

    use super::super::visit::{AsAnything, Hand};
    use super::*;
    use crate::ground::error::{Error, ErrorKind};

    /// What is known of a visitor.
    #[derive(Default, Debug)]
    struct Seen {
        expected: String,
        is_derived: bool,
        is_serdes: bool,
        is_json: bool,
        looks_for_tag: bool,
        is_trait_object: bool,
    }

    /// Looks at the visitor that is given to it.
    struct Look<'a>(&'a mut Seen);

    impl<'de> Deserializer<'de> for Look<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let mut value = None;
            let visit: &dyn Visit = &Hand::<_, _, AsAnything>::new(visitor, &mut value);
            *self.0 = Seen {
                expected: visit.expectation(),
                is_derived: is_derived(type_name::<V>()),
                is_serdes: is_serdes(type_name::<V>()),
                is_json: is_json(visit),
                looks_for_tag: looks_for_tag(visit),
                is_trait_object: is_trait_object(visit),
            };
            Err(Error::new(ErrorKind::Custom, "no value"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    /// What there is to see of the visitor of a type.
    fn seen<'de, T: Deserialize<'de>>() -> Seen {
        let mut seen = Seen::default();
        drop(T::deserialize(Look(&mut seen)));
        seen
    }

    #[derive(Deserialize)]
    struct Plain {
        #[allow(dead_code, reason = "only its type matters")]
        x: f64,
    }

    #[derive(Deserialize)]
    struct Generic<T> {
        #[allow(dead_code, reason = "only its type matters")]
        x: Vec<T>,
    }

    /// A vector whose visitor is not serde's.
    struct Doubled(#[allow(dead_code, reason = "only its type matters")] Vec<f64>);

    impl<'de> Deserialize<'de> for Doubled {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Twice;
            impl<'de> Visitor<'de> for Twice {
                type Value = Vec<f64>;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a sequence")
                }
            }
            deserializer.deserialize_seq(Twice).map(Self)
        }
    }

    #[test]
    fn visitors_of_serde_are_known_by_their_names() {
        let message = "an upgrade of serde renamed its visitors of sequences: `is_serdes` in de/visitor_kinds.rs must know the new \
                       names, or vectors of numbers are read one element after the other";
        for seen in
            [seen::<Vec<f64>>(), seen::<Vec<Vec<f32>>>(), seen::<Vec<String>>(), seen::<[f64; 3]>(), seen::<[i8; 32]>()]
        {
            assert!(seen.is_serdes, "{message}: {seen:?}");
        }
        assert!(!seen::<Doubled>().is_serdes && !seen::<Plain>().is_serdes);
    }

    #[derive(Deserialize)]
    enum Event {
        #[expect(dead_code, reason = "only its type matters")]
        Moved { x: f64 },
    }

    /// Gives one variant, whose fields are looked at.
    struct OneVariant<'a>(&'a mut Seen);

    impl<'de> Deserializer<'de> for OneVariant<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_enum(self)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    impl<'de> EnumAccess<'de> for OneVariant<'_> {
        type Error = Error;
        type Variant = Self;

        fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
            seed.deserialize(0_u32.into_deserializer()).map(|variant| (variant, self))
        }
    }

    impl<'de> VariantAccess<'de> for OneVariant<'_> {
        type Error = Error;

        fn unit_variant(self) -> Result<(), Error> {
            Ok(())
        }

        fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
            seed.deserialize(Look(self.0))
        }

        fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
            Look(self.0).deserialize_any(visitor)
        }

        fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
            Look(self.0).deserialize_any(visitor)
        }
    }

    #[test]
    fn visitors_of_derived_structs_are_known_by_their_names() {
        let message = "an upgrade of serde_derive renamed the visitors that it makes: `is_derived` in de/visitor_kinds.rs must know the \
                       new name, or structs are read by names where their positions would do";
        for seen in [seen::<Plain>(), seen::<Generic<Vec<f64>>>(), seen::<Generic<Generic<u8>>>()] {
            assert!(seen.is_derived, "{message}: {seen:?}");
        }
        let mut found = Seen::default();
        drop(Event::deserialize(OneVariant(&mut found)));
        assert!(found.is_derived, "{message}: {found:?}");
        assert!(!seen::<Doubled>().is_derived && !seen::<Vec<f64>>().is_derived);
    }

    /// Takes note whether the first element is asked for by the seed of its type itself, and whether that is a number.
    #[derive(Default)]
    struct FirstSeed {
        is_itself: bool,
        is_number: bool,
    }

    impl<'de> Deserializer<'de> for &mut FirstSeed {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_seq(self)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    impl<'de> SeqAccess<'de> for &mut FirstSeed {
        type Error = Error;

        fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, _: S) -> Result<Option<S::Value>, Error> {
            **self =
                FirstSeed { is_itself: is_of_type_itself::<S>(), is_number: h5::number_of::<S::Value>().is_some() };
            Err(Error::corrupt("no more"))
        }
    }

    fn first_seed<T: for<'de> Deserialize<'de>>() -> FirstSeed {
        let mut seed = FirstSeed::default();
        drop(T::deserialize(&mut seed));
        seed
    }

    fn first_is_itself<T: for<'de> Deserialize<'de>>() -> bool {
        first_seed::<T>().is_itself
    }

    #[test]
    fn seeds_of_types_themselves_are_known() {
        #[derive(Deserialize)]
        struct Named<T> {
            #[expect(dead_code, reason = "only its type matters")]
            first: T,
        }
        #[derive(Deserialize)]
        struct Halved {
            #[serde(deserialize_with = "halved")]
            #[expect(dead_code, reason = "only its type matters")]
            first: f64,
        }
        fn halved<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
            f64::deserialize(deserializer).map(|number| number / 2.0)
        }
        let known = [
            first_is_itself::<Named<f64>>(),
            first_is_itself::<Named<String>>(),
            first_is_itself::<Vec<f64>>(),
            first_is_itself::<Vec<String>>(),
            first_is_itself::<[f64; 3]>(),
            first_is_itself::<(f64, u8)>(),
        ];
        assert_eq!(
            known, [true; 6],
            "an upgrade of serde or serde_derive asks for elements and fields by other seeds than `PhantomData`: \
             `is_of_type_itself` in de/visitor_kinds.rs must know them, or each number is read by the long way"
        );
        // What is halved must not be taken for a number as it is stored: it has a type of its own.
        assert!(first_seed::<Named<f64>>().is_number && !first_seed::<Halved>().is_number);
    }

    #[derive(Deserialize)]
    #[serde(tag = "class")]
    enum Shape {
        #[allow(dead_code, reason = "only its type matters")]
        Circle { radius: f64 },
    }

    #[typetag::serde(tag = "class")]
    trait Internal {}

    #[derive(Serialize, Deserialize)]
    struct One;

    #[typetag::serde]
    impl Internal for One {}

    #[typetag::serde]
    trait External {}

    #[typetag::serde]
    impl External for One {}

    /// Gives one key, which is looked at.
    struct OneKey<'a>(&'a mut Seen);

    impl<'de> Deserializer<'de> for OneKey<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_map(self)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    impl<'de> MapAccess<'de> for OneKey<'_> {
        type Error = Error;

        fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
            seed.deserialize(Look(self.0)).map(Some)
        }

        fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, _: T) -> Result<T::Value, Error> {
            Err(Error::new(ErrorKind::Custom, "no value"))
        }
    }

    #[test]
    fn what_has_a_tag_is_known_by_what_it_expects() {
        let found = seen::<Shape>();
        assert!(
            found.looks_for_tag && !found.is_trait_object,
            "an upgrade of serde_derive changed what internally tagged enums expect: `looks_for_tag` in de/visitor_kinds.rs must know \
             it, or the class of an object of the Python package FileBacked is no tag any more: {found:?}"
        );
        let message = "an upgrade of typetag changed what trait objects expect: `is_trait_object` in de/visitor_kinds.rs must know it, or \
                       the class of an object of the Python package FileBacked is no tag any more";
        let found = seen::<Box<dyn Internal>>();
        assert!(found.looks_for_tag && found.is_trait_object, "{message}: {found:?}");
        let mut found = Seen::default();
        drop(Box::<dyn External>::deserialize(OneKey(&mut found)));
        assert!(found.is_trait_object, "{message}: {found:?}");
        let other = seen::<BTreeMap<String, f64>>();
        assert!(!other.looks_for_tag && !other.is_json, "{other:?}");
    }

    #[test]
    fn the_value_of_serde_json_is_known_by_what_it_expects() {
        let found = seen::<serde_json::Value>();
        assert!(
            found.is_json,
            "an upgrade of serde_json changed what its `Value` expects: `is_json` in de/visitor_kinds.rs must know it, or bytes are no \
             numbers any more for that: {found:?}"
        );
    }

    /// The words that errors are put into others for: see `ground/error/serde.rs`.
    #[test]
    fn what_the_types_of_serde_expect() {
        for (found, expected) in [
            (seen::<bool>(), "a boolean"),
            (seen::<char>(), "a character"),
            (seen::<()>(), "unit"),
            (seen::<u8>(), "u8"),
            (seen::<i128>(), "i128"),
            (seen::<f32>(), "f32"),
            (seen::<&str>(), "a borrowed string"),
            (seen::<&[u8]>(), "a borrowed byte array"),
        ] {
            assert_eq!(
                found.expected, expected,
                "an upgrade of serde changed the words for what its types expect: `expectation` and `invalid_type` in \
                 ground/error/serde.rs must know them, or errors say them as they are"
            );
        }
    }
}
