//! What serde is told of a value, as bytes: to compare values of several ranks by a hash, and to write elements of one rank on
//! another.
//!
//! A tape is a value's events one after the other. [`replay`](super::replay) tells them to a serializer again. So a
//! sequence whose elements come from the tapes of many ranks is laid out as if one process had had them all.
//!
//! A value's wrappers are asked what they are by a [`PartQuestion`]. Those whose contents are spread over ranks take it. All others
//! are what they are in another format.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hasher};
use std::thread::LocalKey;

use super::any_value::{AnyElements, AnyValue, Contiguous};
use super::array_form::complex_part;
use super::event::{Compound, CompoundSink, Event, SinkOnce};
use super::key;
use super::select;
use super::serializer::ValueSerializer;
use crate::ground::depth::Depth;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::half::refuse_half;
use crate::ground::message::Message;
use crate::ground::stack::with_room;
use crate::ground::wrapper_slot::{Offer, Offered, Slot, is_wrapper};
use crate::h5::{Number, Slice};
use crate::layout::path_rules::RulePosition;

/// What is asked of a wrapper whose contents may be spread over ranks.
#[derive(Debug)]
pub(crate) struct PartQuestion {
    /// Where it is in the value, in words.
    pub(crate) path: String,
    /// Where it is, as far as the options care.
    pub(crate) rules: RulePosition,
    /// Whether it is to be an attribute.
    pub(crate) is_attribute: bool,
}

impl Offered for PartQuestion {
    fn slot() -> &'static LocalKey<RefCell<Option<Slot<Self>>>> {
        thread_local! {
            static ASKING: RefCell<Option<Slot<PartQuestion>>> = const { RefCell::new(None) };
        }
        &ASKING
    }
}

/// Makes the type of marks, and the list of all of them.
macro_rules! marks {
    ($($(#[$doc:meta])* $mark:ident,)*) => {
        /// What an event is. 0 ends a sequence, struct or map.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Mark {
            $($(#[$doc])* $mark,)*
        }

        impl Mark {
            pub(super) const ALL: &[Self] = &[$(Self::$mark),*];
        }
    };
}

marks! {
    End,
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    I128,
    U128,
    Char,
    Text,
    Bytes,
    None,
    Some,
    Unit,
    UnitStruct,
    NewtypeStruct,
    UnitVariant,
    NewtypeVariant,
    Seq,
    Tuple,
    TupleVariant,
    Map,
    Struct,
    StructVariant,
    SkippedField,
    /// A sequence of numbers, or of arrays of numbers.
    Numbers,
    Complex32,
    Complex64,
    /// A wrapper: for comparison alone.
    Wrapper,
}

impl Mark {
    const fn of(number: Number) -> Self {
        match number {
            Number::Bool => Self::Bool,
            Number::I8 => Self::I8,
            Number::I16 => Self::I16,
            Number::I32 => Self::I32,
            Number::I64 => Self::I64,
            Number::U8 => Self::U8,
            Number::U16 => Self::U16,
            Number::U32 => Self::U32,
            Number::U64 => Self::U64,
            Number::F32 => Self::F32,
            Number::F64 => Self::F64,
        }
    }

    pub(super) fn number(self) -> Result<Number> {
        use Number::*;
        [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64]
            .into_iter()
            .find(|number| Self::of(*number) == self)
            .ok_or_else(damaged)
    }
}

#[cold]
pub(super) fn damaged() -> Error {
    Error::corrupt("elements of another rank that make no sense")
}

/// What becomes of events.
enum Ink {
    /// Nothing: wrappers are asked, and that is all.
    None,
    Hash(DefaultHasher),
    /// The bytes, and the names of types, fields and variants, which are numbered.
    Bytes(Vec<u8>, Names),
}

/// Names in the order in which they are first met.
#[derive(Default)]
struct Names {
    names: Vec<&'static str>,
    /// The number of the name that mostly comes next.
    next: usize,
}

impl Names {
    fn number(&mut self, name: &'static str) -> usize {
        let is_next = self.names.get(self.next).is_some_and(|next| std::ptr::eq(*next, name));
        let found = if is_next { Some(self.next) } else { self.names.iter().position(|other| *other == name) };
        let number = found.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        self.next = number + 1;
        number
    }
}

/// What is written of a value, and where in it that is.
struct Tape {
    ink: Ink,
    path: Vec<Step>,
}

enum Step {
    Name(&'static str),
    Key(String),
    Index(usize),
}

impl Tape {
    fn put(&mut self, bytes: &[u8]) {
        match &mut self.ink {
            Ink::None => {}
            Ink::Hash(hasher) => hasher.write(bytes),
            Ink::Bytes(tape, _) => tape.extend_from_slice(bytes),
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.put(&[mark as u8]);
    }

    /// A number of as many bytes as it takes: seven bits in each.
    fn count(&mut self, mut count: u64) {
        while count > 0x7f {
            self.put(&[count as u8 | 0x80]);
            count >>= 7;
        }
        self.put(&[count as u8]);
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.put(bytes);
    }

    fn name(&mut self, name: &'static str) {
        match &mut self.ink {
            Ink::Bytes(_, names) => {
                let number = names.number(name);
                self.count(number as u64);
            }
            _ => self.sized(name.as_bytes()),
        }
    }

    /// A length that a value says, or not.
    fn len(&mut self, len: Option<usize>) {
        self.count(len.map_or(0, |len| len as u64 + 1));
    }

    fn numbers(&mut self, slice: Slice<'_>) {
        self.mark(Mark::Numbers);
        self.mark(Mark::of(slice.number));
        self.count(slice.width.map_or(0, |width| width as u64 + 1));
        self.count(slice.len as u64);
        self.put(slice.bytes);
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for step in &self.path {
            if !place.is_empty() {
                place.push('/');
            }
            match step {
                Step::Name(name) => place.push_str(name),
                Step::Key(key) => place.push_str(key),
                Step::Index(index) => place.push_str(&format!("[{index}]")),
            }
        }
        place
    }

    fn is_bytes(&self) -> bool {
        matches!(self.ink, Ink::Bytes(..))
    }
}

/// Looks through a value, and asks the wrappers in it; returns a hash of all that they are not. Entries of maps count in any order.
pub(crate) fn hash(value: &dyn AnyValue, rules: &RulePosition) -> Result<u64> {
    match look(value, rules, Ink::Hash(DefaultHasher::new()))? {
        Ink::Hash(hasher) => Ok(hasher.finish()),
        _ => Ok(0),
    }
}

/// Looks through a value, and asks the wrappers in it.
pub(crate) fn ask_parts(value: &dyn AnyValue, rules: &RulePosition) -> Result<()> {
    look(value, rules, Ink::None).map(drop)
}

fn look(value: &dyn AnyValue, rules: &RulePosition, ink: Ink) -> Result<Ink> {
    let tape = RefCell::new(Tape { ink, path: Vec::new() });
    with_room(|| Walk { tape: &tape, depth: Depth::default(), rules, is_attribute: false }.look(value))?;
    Ok(tape.into_inner().ink)
}

/// The elements of a sequence, as [`Tapes`](super::replay::Tapes) has them.
pub(crate) fn elements(value: &dyn AnyValue) -> Result<Vec<u8>> {
    let tape = RefCell::new(Tape { ink: Ink::Bytes(Vec::new(), Names::default()), path: Vec::new() });
    let rules = RulePosition::nowhere();
    with_room(|| Walk { tape: &tape, depth: Depth::default(), rules, is_attribute: false }.look(value))?;
    let Ink::Bytes(bytes, names) = tape.into_inner().ink else { return Err(damaged()) };
    let mut message = Message::new();
    message.number(names.names.len() as u64);
    for name in names.names {
        message.text(name);
    }
    message.bytes(&bytes);
    Ok(message.into_bytes())
}

/// Puts one value on a tape.
#[derive(Clone, Copy)]
struct Walk<'w> {
    tape: &'w RefCell<Tape>,
    depth: Depth,
    rules: &'w RulePosition,
    /// It is a field that is an attribute.
    is_attribute: bool,
}

impl<'w> Walk<'w> {
    fn put(self, put: impl FnOnce(&mut Tape)) {
        put(&mut self.tape.borrow_mut());
    }

    fn look(self, value: &dyn AnyValue) -> Result<()> {
        if let Some(part) = complex_part(value.type_of()) {
            self.put(|tape| tape.mark(if part == Number::F32 { Mark::Complex32 } else { Mark::Complex64 }));
        }
        if self.depth.may_be_short() {
            return with_room(|| value.write(ValueSerializer::telling(&mut Some(self))));
        }
        value.write(ValueSerializer::telling(&mut Some(self)))
    }

    /// Looks at a value that is a step further in.
    fn step(self, step: Step, value: &dyn AnyValue) -> Result<()> {
        self.tape.borrow_mut().path.push(step);
        let looked = self.look(value);
        self.tape.borrow_mut().path.pop();
        looked
    }

    /// Has a wrapper say what is spread of it.
    fn wrapper(self, value: &dyn AnyValue) -> Result<()> {
        let question = {
            let mut tape = self.tape.borrow_mut();
            if tape.is_bytes() {
                let message = "an element of `dist::list` has an array or another wrapper in it, which is an object of its own: write \
                               such elements by one rank";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            tape.mark(Mark::Wrapper);
            PartQuestion { path: tape.place(), rules: self.rules.clone(), is_attribute: self.is_attribute }
        };
        match Offer::new(question) {
            Ok(offer) => offer.finish(self.look(value)),
            Err(_) => self.look(value),
        }
    }

    fn parts(self, mark: Mark, put: impl FnOnce(&mut Tape), depth: Depth, variant: Option<&'static str>) -> Parts<'w> {
        self.put(|tape| {
            tape.mark(mark);
            put(tape);
        });
        let rules = variant.map_or(self.rules, |variant| self.rules.field(variant));
        Parts { walk: Walk { depth, rules, is_attribute: false, ..self }, mark, index: 0, key: None, entries: 0 }
    }
}

impl<'a, 'w: 'a> SinkOnce<'a> for Walk<'w> {
    fn event(self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Number(scalar) => {
                scalar.with_bytes(|number, bytes| {
                    self.put(|tape| {
                        tape.mark(Mark::of(number));
                        tape.put(bytes);
                    });
                });
            }
            Event::I128(value) => self.put(|tape| {
                tape.mark(Mark::I128);
                tape.put(&value.to_le_bytes());
            }),
            Event::U128(value) => self.put(|tape| {
                tape.mark(Mark::U128);
                tape.put(&value.to_le_bytes());
            }),
            Event::Char(value) => self.put(|tape| {
                tape.mark(Mark::Char);
                tape.put(&u32::from(value).to_le_bytes());
            }),
            Event::Text(value) => self.put(|tape| {
                tape.mark(Mark::Text);
                tape.sized(value.as_bytes());
            }),
            Event::Bytes(value) => self.put(|tape| {
                tape.mark(Mark::Bytes);
                tape.sized(value);
            }),
            Event::None => self.put(|tape| tape.mark(Mark::None)),
            Event::Some(value) => {
                self.put(|tape| tape.mark(Mark::Some));
                return Walk { depth: self.depth.in_sequence()?, ..self }.look(value);
            }
            Event::Unit => self.put(|tape| tape.mark(Mark::Unit)),
            Event::UnitStruct(name) => self.put(|tape| {
                tape.mark(Mark::UnitStruct);
                tape.name(name);
            }),
            Event::NewtypeStruct(name, value) if is_wrapper(name) => return self.wrapper(value),
            Event::NewtypeStruct(name, value) => {
                refuse_half(name, value.type_of())?;
                self.put(|tape| {
                    tape.mark(Mark::NewtypeStruct);
                    tape.name(name);
                });
                return self.look(value);
            }
            Event::UnitVariant(index, variant) => self.put(|tape| {
                tape.mark(Mark::UnitVariant);
                tape.count(index.into());
                tape.name(variant);
            }),
            Event::NewtypeVariant(index, variant, value) => {
                self.put(|tape| {
                    tape.mark(Mark::NewtypeVariant);
                    tape.count(index.into());
                    tape.name(variant);
                });
                let inside = Walk { depth: self.depth.in_record()?, rules: self.rules.field(variant), ..self };
                return inside.step(Step::Name(variant), value);
            }
        }
        Ok(())
    }

    fn begin(self, compound: Compound) -> Result<Box<dyn CompoundSink + 'a>> {
        let depth = self.depth;
        Ok(Box::new(match compound {
            Compound::Seq(len) => self.parts(Mark::Seq, |tape| tape.len(len), depth.in_sequence()?, None),
            Compound::Tuple(len) => self.parts(Mark::Tuple, |tape| tape.count(len as u64), depth.in_record()?, None),
            Compound::TupleVariant(index, variant, len) => {
                let put = |tape: &mut Tape| {
                    tape.count(index.into());
                    tape.name(variant);
                    tape.count(len as u64);
                };
                self.parts(Mark::TupleVariant, put, depth.in_record()?, Some(variant))
            }
            Compound::Map(len) => self.parts(Mark::Map, |tape| tape.len(len), depth.in_record()?, None),
            Compound::Struct(name, len) => {
                let put = |tape: &mut Tape| {
                    tape.name(name);
                    tape.count(len as u64);
                };
                self.parts(Mark::Struct, put, depth.in_record()?, None)
            }
            Compound::StructVariant(index, variant) => {
                let put = |tape: &mut Tape| {
                    tape.count(index.into());
                    tape.name(variant);
                };
                self.parts(Mark::StructVariant, put, depth.in_record()?, Some(variant))
            }
        }))
    }

    fn collect(self, items: &mut dyn AnyElements) -> Result<()> {
        if let Some(Contiguous::Numbers(slice)) = items.contiguous() {
            self.put(|tape| tape.numbers(slice));
            return Ok(());
        }
        let (len, depth) = (items.exact_len(), self.depth.in_sequence()?);
        let mut parts = self.parts(Mark::Seq, |tape| tape.len(len), depth, None);
        while let Some(item) = items.next() {
            parts.element(item)?;
        }
        Box::new(parts).end()
    }
}

/// The parts of a value.
struct Parts<'w> {
    walk: Walk<'w>,
    mark: Mark,
    index: usize,
    key: Option<PendingEntry>,
    /// The sum of the hashes of entries.
    entries: u64,
}

/// An entry whose value is to come.
struct PendingEntry {
    /// The key as the options know it.
    name: Option<String>,
    /// The hash of what is around the map.
    outer: Option<DefaultHasher>,
}

impl CompoundSink for Parts<'_> {
    fn element(&mut self, value: &dyn AnyValue) -> Result<()> {
        let (walk, index) = (self.walk, self.index);
        self.index += 1;
        let rules = if self.mark == Mark::Seq { walk.rules.element() } else { walk.rules.position(index) };
        let looked = Walk { rules, ..walk }.step(Step::Index(index), value);
        looked.map_err(|error| error.in_element(index))
    }

    fn field(&mut self, name: &'static str, value: &dyn AnyValue) -> Result<()> {
        let rules = self.walk.rules.field(name);
        if select::is_left_out(rules, value) {
            return Ok(());
        }
        self.walk.put(|tape| {
            if tape.is_bytes() {
                tape.mark(Mark::Some);
            }
            tape.name(name);
        });
        let walk = Walk { rules, is_attribute: name.starts_with('@'), ..self.walk };
        walk.step(Step::Name(name), value).map_err(|error| error.in_field(name))
    }

    fn skip_field(&mut self, name: &'static str) -> Result<()> {
        self.walk.put(|tape| {
            tape.mark(Mark::SkippedField);
            tape.name(name);
        });
        Ok(())
    }

    fn key(&mut self, key: &dyn AnyValue) -> Result<()> {
        let is_bytes = self.walk.tape.borrow().is_bytes();
        let name = if is_bytes { None } else { key::link(key)?.map(|(_, name)| name) };
        let outer = match &mut self.walk.tape.borrow_mut().ink {
            Ink::Hash(hasher) => Some(std::mem::take(hasher)),
            _ => None,
        };
        self.key = Some(PendingEntry { name, outer });
        self.walk.look(key)
    }

    fn value(&mut self, value: &dyn AnyValue) -> Result<()> {
        let Some(PendingEntry { name, outer }) = self.key.take() else {
            return Err(Error::new(ErrorKind::Custom, "a map gave a value without a key"));
        };
        let rules = name.as_deref().map_or(self.walk.rules.element(), |name| self.walk.rules.field(name));
        let is_left_out = select::is_left_out(rules, value);
        let located = |error: Error| name.iter().fold(error, |error, name| error.in_field(name));
        if !is_left_out {
            let step = name.clone().map_or(Step::Index(self.index), Step::Key);
            Walk { rules, ..self.walk }.step(step, value).map_err(located)?;
        }
        self.index += 1;
        if let (Some(outer), Ink::Hash(hasher)) = (outer, &mut self.walk.tape.borrow_mut().ink) {
            let entry = std::mem::replace(hasher, outer).finish();
            if !is_left_out {
                self.entries = self.entries.wrapping_add(entry);
            }
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<()> {
        let (mark, entries) = (self.mark, self.entries);
        self.walk.put(|tape| {
            if mark == Mark::Map && !tape.is_bytes() {
                tape.count(entries);
            }
            tape.mark(Mark::End);
        });
        Ok(())
    }
}
