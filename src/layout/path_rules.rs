//! Where in a value something is, as far as the options tell places apart.
//!
//! A [`Pattern`] is matched segment by segment on the way into a value: [`RulePosition`] is how far the patterns of all rules have
//! come. Fields, keys and variants are segments by their names, and so are the positions of tuples; an element of a sequence
//! is a segment without a name. Options and wrapper types are none. So a place has the same rules, however it is stored.
//!
//! Where no rule says anything, a position is empty, and to go on costs nothing. Else each step is worked out once, as the
//! names that no pattern has are all alike.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::link_name::{step_of, unescape, unescape_step};
use crate::layout::dataset_options::DatasetOptions;

/// A path with wildcards: `field/*`, `patches/*/nodes`, `**/scratch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Box<[PatternSegment]>,
    /// As it was given.
    text: Box<str>,
    /// It begins with `/`: a path of HDF5's, in which elements of sequences may be no steps.
    is_rooted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PatternSegment {
    Name(Box<str>),
    /// `[2]`, as errors have it: the position of a tuple, or any element of a sequence.
    Index(Box<str>),
    /// `*`: any one segment.
    Any,
    /// `**`: any number of segments; at the end at least one.
    Deep,
}

/// How far a pattern has come: bit `n` is set where `n` segments may have been used up.
type PatternProgress = u128;

/// No value nests as deep as that, so a longer pattern stands for nothing.
const MAX_SEGMENTS: usize = 127;

fn is_index(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl PatternSegment {
    fn new(text: &str) -> Self {
        match text {
            "*" => Self::Any,
            "**" => Self::Deep,
            _ => match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                Some(index) if is_index(index) => Self::Index(index.into()),
                _ => Self::Name(unescape_step(text).into()),
            },
        }
    }

    /// The name that it stands for.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) | Self::Index(name) => Some(name),
            Self::Any | Self::Deep => None,
        }
    }
}

impl Pattern {
    pub(crate) fn new(path: &str) -> Self {
        let segments = path.split('/').filter(|text| !text.is_empty()).map(PatternSegment::new).collect();
        Self { segments, text: path.into(), is_rooted: path.starts_with('/') }
    }

    /// An error if it is in another syntax.
    fn check(&self, option: &str) -> Result<()> {
        let odd = self.text.split('/').find(|text| text.contains('*') && !matches!(*text, "*" | "**"));
        let why = match odd {
            Some(odd) => {
                format!(
                    "`*` stands for a whole name, and `**` for any number of them; the name `{odd}` is `{}`",
                    step_of(odd)
                )
            }
            None if self.segments.len() > MAX_SEGMENTS => format!("a path has at most {MAX_SEGMENTS} steps"),
            None => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unsupported, format!("`{option}({:?})`: {why}", self.text)))
    }

    /// Where a value begins that is at the path `base` of a file.
    fn start(&self, base: &str) -> PatternProgress {
        if self.segments.len() > MAX_SEGMENTS {
            return 0;
        }
        let mut progress = 1;
        let base: Vec<_> = base.split('/').filter(|text| !text.is_empty()).map(unescape).collect();
        let begins = base.iter().zip(&self.segments).filter(|(base, segment)| segment.name() == Some(&**base));
        if self.is_rooted && begins.count() == base.len() {
            progress |= 1 << base.len();
        }
        self.with_skipped(progress)
    }

    /// Adds where a `**` that stands for nothing leads.
    fn with_skipped(&self, mut progress: PatternProgress) -> PatternProgress {
        for (at, segment) in self.segments.iter().enumerate() {
            if *segment == PatternSegment::Deep && at + 1 < self.segments.len() && progress & (1 << at) != 0 {
                progress |= 1 << (at + 1);
            }
        }
        progress
    }

    /// Goes one segment on: one of that name, or one without.
    fn step(&self, progress: PatternProgress, name: Option<&str>) -> PatternProgress {
        let mut next = if self.is_rooted && name.is_none() { progress } else { 0 };
        for (at, segment) in self.segments.iter().enumerate().filter(|(at, _)| progress & (1 << at) != 0) {
            next |= match segment {
                PatternSegment::Name(wanted) if Some(&**wanted) == name => 1 << (at + 1),
                PatternSegment::Name(wanted) if self.is_rooted && name.is_none() && is_index(wanted) => 1 << (at + 1),
                PatternSegment::Index(wanted) if name.is_none_or(|name| **wanted == *name) => 1 << (at + 1),
                PatternSegment::Name(_) | PatternSegment::Index(_) => 0,
                PatternSegment::Any => 1 << (at + 1),
                PatternSegment::Deep if at + 1 == self.segments.len() => (1 << at) | (1 << (at + 1)),
                PatternSegment::Deep => 1 << at,
            };
        }
        self.with_skipped(next)
    }

    fn is_matched(&self, progress: PatternProgress) -> bool {
        progress & (1 << self.segments.len()) != 0
    }

    /// Whether something further inside can be matched.
    fn goes_on(&self, progress: PatternProgress) -> bool {
        progress & ((1 << self.segments.len()) - 1) != 0
    }

    /// The segments that it waits for, by their numbers.
    fn awaited(&self, progress: PatternProgress) -> impl Iterator<Item = (usize, &PatternSegment)> {
        self.segments.iter().enumerate().filter(move |(at, _)| progress & (1 << at) != 0)
    }

    /// How it could be meant, if it looks like a path of another syntax: `patches[2].nodes`, `a["b"]`.
    fn as_meant(&self) -> Option<String> {
        if !self.text.contains(['.', '[']) {
            return None;
        }
        let (mut meant, mut rest) = (String::new(), self.text.trim_start_matches(['$', '.']));
        while let Some(at) = rest.find(['.', '[']) {
            meant.push_str(&rest[..at]);
            let end = rest[at..].find(']').map_or(rest.len(), |end| at + end);
            if rest[at..].starts_with('.') {
                meant.push('/');
                rest = &rest[at + 1..];
                continue;
            }
            let inside = rest[at + 1..end.max(at + 1)].trim_matches(['"', '\'']);
            meant.push_str(if meant.is_empty() || meant.ends_with('/') { "" } else { "/" });
            meant.push_str(if is_index(inside) { "*" } else { inside });
            rest = rest.get(end + 1..).unwrap_or("");
            if !rest.is_empty() && !rest.starts_with(['.', '[', '/']) {
                meant.push('/');
            }
        }
        meant.push_str(rest);
        Some(meant).filter(|meant| **meant != *self.text)
    }
}

/// What a rule says of what is at its path.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// It is left out.
    Skip,
    /// It is kept, and what no such rule is about is left out.
    Only,
    /// It is stored so, with all that is in it.
    At(DatasetOptions),
}

/// What the options of a call say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// For all that no rule says more about.
    pub(crate) base: DatasetOptions,
    /// In the order in which they were given.
    pub(crate) rules: Vec<(Pattern, Effect)>,
    /// The module of the classes, where all is laid out as the Python package FileBacked does it.
    pub(crate) python: Option<Arc<str>>,
    /// Rules that are about nothing in a call are no error.
    pub(crate) is_lenient: bool,
}

impl Effect {
    /// The name of the option.
    pub(crate) fn option(&self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Only => "only",
            Self::At(_) => "at",
        }
    }
}

/// The rules of one call, and which of them were about something in it.
#[derive(Debug)]
struct CallRules {
    rules: Rules,
    is_used: Box<[AtomicBool]>,
    /// The rule that would leave out the value itself, by its number.
    skips_all: Option<usize>,
}

impl CallRules {
    fn mark_used(&self, number: usize) {
        self.is_used[number].store(true, Ordering::Relaxed);
    }
}

/// Whether something is written, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
    /// Only what is in it may be.
    OnTheWay,
}

/// How far the rules have come.
#[derive(Clone, Debug, Default)]
pub(crate) struct RulePosition(Option<Arc<PositionState>>);

#[derive(Debug)]
struct PositionState {
    call: Arc<CallRules>,
    /// The rules that are about something further inside: their numbers, and how far their patterns are.
    live: Box<[(usize, PatternProgress)]>,
    keep: Keep,
    /// Whether it is in something that is to be kept by `only`, or there is no such rule.
    is_chosen: bool,
    options: Arc<DatasetOptions>,
    /// The steps by a name that a live pattern has next, and by any other.
    named: Box<[(Box<str>, OnceLock<RulePosition>)]>,
    other: OnceLock<RulePosition>,
    seen: SeenSteps,
}

/// What there is at a place that patterns go on from: only what is needed to say that they lead nowhere.
#[derive(Debug, Default)]
struct SeenSteps {
    /// The first names.
    names: Mutex<BTreeSet<Box<str>>>,
    /// How many were looked at.
    looks: AtomicU32,
    is: AtomicU8,
}

/// Names are looked at so often at one place.
const MAX_LOOKS: u32 = 1024;
/// There are elements of a sequence, one of the variants of an enum, or what is a whole by itself.
const HAS_ELEMENTS: u8 = 1;
const HAS_VARIANT: u8 = 2;
const HAS_LEAF: u8 = 4;
/// There are the fields of a struct.
const HAS_FIELDS: u8 = 8;

impl SeenSteps {
    fn name(&self, name: &str) {
        if self.looks.load(Ordering::Relaxed) < MAX_LOOKS {
            self.looks.fetch_add(1, Ordering::Relaxed);
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            if !names.contains(name) {
                names.insert(name.into());
            }
        }
    }

    fn is(&self, what: u8) -> bool {
        self.is.load(Ordering::Relaxed) & what != 0
    }

    fn note(&self, what: u8) {
        if !self.is(what) {
            self.is.fetch_or(what, Ordering::Relaxed);
        }
    }
}

/// A path with `**` has a state for each level, and values may nest by the thousand: they are dropped one after the other.
impl Drop for PositionState {
    fn drop(&mut self) {
        let mut left = self.take_inner();
        while let Some(position) = left.pop() {
            if let Some(mut state) = position.0.and_then(Arc::into_inner) {
                left.append(&mut state.take_inner());
            }
        }
    }
}

impl PositionState {
    /// The ways from here on that were worked out.
    fn take_inner(&mut self) -> Vec<RulePosition> {
        let named = self.named.iter_mut().map(|(_, place)| place);
        named.chain([&mut self.other]).filter_map(OnceLock::take).filter(|position| position.0.is_some()).collect()
    }

    fn is_uniform(&self) -> bool {
        self.live.is_empty() && self.keep == Keep::Yes
    }
}

static NOWHERE: RulePosition = RulePosition(None);

impl Rules {
    /// Adds a rule for each of these paths.
    pub(crate) fn add<P: AsRef<str>>(&mut self, paths: impl IntoIterator<Item = P>, effect: &Effect) {
        self.rules.extend(paths.into_iter().map(|path| (Pattern::new(path.as_ref()), effect.clone())));
    }

    /// All that is said of how datasets are stored, whatever for.
    pub(crate) fn storing(&self) -> impl Iterator<Item = &DatasetOptions> {
        let at = self.rules.iter().filter_map(|(_, effect)| match effect {
            Effect::At(options) => Some(options),
            _ => None,
        });
        std::iter::once(&self.base).chain(at)
    }

    /// The same for a call of its own.
    fn renewed(&self) -> Self {
        let rule = |(pattern, effect): &(Pattern, Effect)| {
            let effect = match effect {
                Effect::At(options) => Effect::At(options.renewed()),
                effect => effect.clone(),
            };
            (pattern.clone(), effect)
        };
        let rules = self.rules.iter().map(rule).collect();
        Self { base: self.base.renewed(), rules, python: self.python.clone(), is_lenient: self.is_lenient }
    }

    /// Where the value of a call begins, which is at the path `base` of a file.
    pub(crate) fn start(&self, base: impl FnOnce() -> String) -> RulePosition {
        if self.rules.is_empty() && self.base == DatasetOptions::default() && self.python.is_none() {
            return RulePosition(None);
        }
        let base = if self.rules.iter().any(|(pattern, _)| pattern.is_rooted) { base() } else { String::new() };
        let live = self.rules.iter().map(|(pattern, _)| pattern.start(&base)).enumerate();
        let live: Vec<_> = live.filter(|(_, progress)| *progress != 0).collect();
        let skips_all = live.iter().find(|(number, progress)| {
            let (pattern, effect) = &self.rules[*number];
            matches!(effect, Effect::Skip) && pattern.is_matched(*progress)
        });
        let is_used = self.rules.iter().map(|_| AtomicBool::new(false)).collect();
        let skips_all = skips_all.map(|(number, _)| *number);
        let call = Arc::new(CallRules { rules: self.renewed(), is_used, skips_all });
        let rules = &call.rules.rules;
        let is_chosen = !rules.iter().any(|(_, effect)| matches!(effect, Effect::Only));
        let options = Arc::new(call.rules.base.clone());
        let mut position = RulePosition::at(&call, live, is_chosen, &options, true);
        // The value itself is there, whatever it is.
        if let Some(state) = position.0.as_mut().and_then(Arc::get_mut)
            && state.keep == Keep::No
        {
            state.keep = Keep::OnTheWay;
        }
        position
    }
}

impl RulePosition {
    /// Where no rule says anything.
    pub(crate) fn nowhere() -> &'static Self {
        &NOWHERE
    }

    /// An error if the options say what they cannot mean. Called where a call begins.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(state) = &self.0 else { return Ok(()) };
        let mut rules = state.call.rules.rules.iter();
        rules.try_for_each(|(pattern, effect)| pattern.check(effect.option()))?;
        if let Some(number) = state.call.skips_all
            && !state.call.rules.is_lenient
        {
            let (pattern, _) = &state.call.rules.rules[number];
            let message = format!(
                "`skip({:?})`: this is the path of the value itself, which is never left out: name what is in it, as in \
                 `skip([\"*\"])`",
                pattern.text
            );
            return Err(Error::new(ErrorKind::Unsupported, message).advised("`lenient()` takes such a path"));
        }
        state.call.rules.storing().try_for_each(DatasetOptions::check)
    }

    /// An error if the options said what the call, all of which is done, had no use for. Called where a call begins.
    pub(crate) fn finish(&self) -> Result<()> {
        let Some(state) = &self.0 else { return Ok(()) };
        let rules = &state.call.rules;
        if rules.is_lenient {
            return Ok(());
        }
        for (number, is_used) in state.call.is_used.iter().enumerate() {
            if !is_used.load(Ordering::Relaxed) {
                let mut ends = DeadEnds::default();
                let mut places: Vec<ReachedState<'_>> = vec![(state, false)];
                while let Some(place) = places.pop() {
                    ends.look(number, place, &mut places);
                }
                ends.check(&rules.rules[number])?;
            }
        }
        rules.storing().try_for_each(|options| options.storing.check_use())
    }

    /// Takes note of the fields that the type has of what is here, be they stored or not.
    #[inline]
    pub(crate) fn note_fields(&self, fields: &[&str]) {
        if let Some(state) = &self.0
            && !state.is_uniform()
            && state.seen.looks.load(Ordering::Relaxed) < MAX_LOOKS
        {
            state.seen.note(HAS_FIELDS);
            for field in fields {
                self.field(field);
            }
        }
    }

    /// Takes note that what is here is one of several variants.
    #[inline]
    pub(crate) fn note_variant(&self) {
        if let Some(state) = &self.0 {
            state.seen.note(HAS_VARIANT);
        }
    }

    /// Takes note that what is here is a struct.
    #[inline]
    pub(crate) fn note_struct(&self) {
        if let Some(state) = &self.0 {
            state.seen.note(HAS_FIELDS);
        }
    }

    /// Takes note that what is here is a number or string, with nothing in it.
    #[inline]
    pub(crate) fn note_leaf(&self) {
        if let Some(state) = &self.0 {
            state.seen.note(HAS_LEAF);
        }
    }

    /// What is said further inside that is not said at another place, which is a name of the same group, too: whether something
    /// is, and the first path of what was to be left out, or alone to be kept. No such rule leads nowhere.
    pub(crate) fn note_other_name(&self, first: &Self) -> (bool, Option<(&'static str, &str)>) {
        let Some(state) = &self.0 else { return (false, None) };
        let said = first.0.as_ref();
        let is_said = |rule: &&(usize, PatternProgress)| said.is_some_and(|said| said.live.contains(rule));
        let mut own = state.live.iter().filter(|rule| !is_said(rule)).peekable();
        let is_other = own.peek().is_some() || said.map(|said| &*said.options) != Some(&*state.options);
        let mut left_out = None;
        for (number, _) in own {
            state.call.mark_used(*number);
            let (pattern, effect) = &state.call.rules.rules[*number];
            if !matches!(effect, Effect::At(_)) {
                left_out = left_out.or(Some((effect.option(), &*pattern.text)));
            }
        }
        (is_other, left_out)
    }

    fn at(
        call: &Arc<CallRules>,
        mut live: Vec<(usize, PatternProgress)>,
        was_chosen: bool,
        options: &Arc<DatasetOptions>,
        is_root: bool,
    ) -> Self {
        let rules = &call.rules;
        let (mut options, mut is_chosen, mut is_skipped) = (Arc::clone(options), was_chosen, false);
        for (number, progress) in &live {
            let (pattern, effect) = &rules.rules[*number];
            if pattern.is_matched(*progress) {
                call.mark_used(*number);
            }
            match effect {
                _ if !pattern.is_matched(*progress) => {}
                Effect::Skip => is_skipped = true,
                Effect::Only => is_chosen = true,
                Effect::At(own) => options = Arc::new(own.clone().over(&options)),
            }
        }
        live.retain(|(number, progress)| {
            let (pattern, effect) = &rules.rules[*number];
            let is_in_chosen = is_chosen && matches!(effect, Effect::Only);
            if is_in_chosen && !is_root {
                call.mark_used(*number);
            }
            pattern.goes_on(*progress) && !is_in_chosen
        });
        let is_on_the_way = || live.iter().any(|(number, _)| matches!(rules.rules[*number].1, Effect::Only));
        let keep = match (is_skipped, is_chosen) {
            (true, _) => Keep::No,
            (false, true) => Keep::Yes,
            (false, false) if is_on_the_way() => Keep::OnTheWay,
            (false, false) => Keep::No,
        };
        if keep == Keep::No && !is_root {
            // What is in there is not looked at.
            live.iter().for_each(|(number, _)| call.mark_used(*number));
        }
        if !is_root
            && live.is_empty()
            && keep == Keep::Yes
            && *options == DatasetOptions::default()
            && rules.python.is_none()
        {
            return Self(None);
        }
        let mut names: Vec<Box<str>> = Vec::new();
        for (number, progress) in &live {
            for name in rules.rules[*number].0.awaited(*progress).filter_map(|(_, segment)| segment.name()) {
                if !names.iter().any(|known| **known == *name) {
                    names.push(name.into());
                }
            }
        }
        let named = names.into_iter().map(|name| (name, OnceLock::new())).collect();
        let (call, live, other) = (Arc::clone(call), live.into(), OnceLock::new());
        Self(Some(Arc::new(PositionState {
            call,
            live,
            keep,
            is_chosen,
            options,
            named,
            other,
            seen: SeenSteps::default(),
        })))
    }

    /// Whether no rule says anything here or further inside.
    #[inline]
    pub(crate) fn is_nowhere(&self) -> bool {
        self.0.is_none()
    }

    /// The module of the classes, where all is laid out as the Python package FileBacked does it.
    pub(crate) fn python(&self) -> Option<&Arc<str>> {
        self.0.as_ref().and_then(|state| state.call.rules.python.as_ref())
    }

    /// Whether all that is further inside is treated alike.
    #[inline]
    pub(crate) fn is_uniform(&self) -> bool {
        self.0.as_ref().is_none_or(|state| state.is_uniform())
    }

    /// The way to the field, key, variant or position `name`.
    #[inline]
    pub(crate) fn field(&self, name: &str) -> &Self {
        match &self.0 {
            None => self,
            Some(state) => self.step(state, Some(name)),
        }
    }

    /// The way to the position `index` of a tuple.
    #[inline]
    pub(crate) fn position(&self, index: usize) -> &Self {
        if self.is_nowhere() { self } else { self.step_to(index) }
    }

    fn step_to(&self, index: usize) -> &Self {
        if self.is_uniform() { self } else { self.field(&index.to_string()) }
    }

    /// The way to any element of a sequence, or to the value of a key that has no name.
    #[inline]
    pub(crate) fn element(&self) -> &Self {
        match &self.0 {
            None => self,
            Some(state) => self.step(state, None),
        }
    }

    fn step<'a>(&'a self, state: &'a PositionState, name: Option<&str>) -> &'a Self {
        if state.is_uniform() {
            return self;
        }
        let named = state.named.iter().find(|(known, _)| Some(&**known) == name);
        let place = named.map_or(&state.other, |(_, place)| place);
        match name {
            Some(name) if named.is_none() => state.seen.name(name),
            Some(_) => {}
            None => state.seen.note(HAS_ELEMENTS),
        }
        place.get_or_init(|| {
            let rules = &state.call.rules.rules;
            let step =
                |(number, progress): &(usize, PatternProgress)| (*number, rules[*number].0.step(*progress, name));
            let live = state.live.iter().map(step).filter(|(_, progress)| *progress != 0).collect();
            Self::at(&state.call, live, state.is_chosen, &state.options, false)
        })
    }

    /// Whether what is here is written, or read.
    #[inline]
    pub(crate) fn keep(&self) -> Keep {
        self.0.as_ref().map_or(Keep::Yes, |state| state.keep)
    }

    /// Whether something in what is here may be left out.
    pub(crate) fn selects(&self) -> bool {
        let Some(state) = &self.0 else { return false };
        !state.is_chosen
            || state.live.iter().any(|(number, _)| !matches!(state.call.rules.rules[*number].1, Effect::At(_)))
    }

    /// How what is here is stored.
    pub(crate) fn dataset_options(&self) -> &DatasetOptions {
        static DEFAULT_OPTIONS: LazyLock<DatasetOptions> = LazyLock::new(DatasetOptions::default);
        self.0.as_ref().map_or(&DEFAULT_OPTIONS, |state| &state.options)
    }
}

/// Where a pattern came to an end that matched nothing.
#[derive(Default)]
struct DeadEnds<'a> {
    /// How many segments were matched, and the one that was not.
    at: Option<(usize, Option<&'a str>)>,
    /// What there is in its place.
    names: BTreeSet<Box<str>>,
    has_elements: bool,
    /// Something may not be there only this time.
    is_open: bool,
    /// How many segments were matched where there is nothing at all.
    empty: usize,
}

/// A place that a pattern came to, and whether it did so by `*` in the place of a name, or by `**`: there, the last segment is
/// about whatever has that name.
type ReachedState<'a> = (&'a PositionState, bool);

impl<'a> DeadEnds<'a> {
    /// Looks for the ends of the pattern of rule `number` in a place that it came to; adds the places further inside.
    fn look(&mut self, number: usize, (state, is_anywhere): ReachedState<'a>, places: &mut Vec<ReachedState<'a>>) {
        let Some((_, progress)) = state.live.iter().find(|(live, _)| *live == number) else { return };
        let pattern = &state.call.rules.rules[number].0;
        let names = state.seen.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = state.named.iter().filter(|(_, position)| position.get().is_some());
        let has_elements = state.seen.is(HAS_ELEMENTS);
        let is_empty = names.is_empty() && known.clone().next().is_none() && !has_elements;
        // Nothing at all: an option without a value, a sequence or map without entries.
        let is_nothing = is_empty && !state.seen.is(HAS_LEAF);
        let is_enum = state.seen.is(HAS_VARIANT);
        for (at, segment) in pattern.awaited(*progress) {
            let name = segment.name();
            let is_found = |name: &str| known.clone().any(|(known, _)| **known == *name);
            let steps_on = match segment {
                PatternSegment::Name(name) => is_found(name),
                PatternSegment::Index(name) => has_elements || is_found(name),
                PatternSegment::Any | PatternSegment::Deep => !is_empty,
            };
            let is_after_any_number = at > 0 && pattern.segments[at - 1] == PatternSegment::Deep;
            if steps_on {
                continue;
            }
            if !is_after_any_number && *segment != PatternSegment::Deep {
                let is_last = at + 1 == pattern.segments.len();
                // Of several fields that are all in this place, one that is an enum tells nothing of the others.
                let is_enum = is_enum && !(is_anywhere && is_last && state.seen.is(HAS_FIELDS));
                if is_nothing && is_anywhere && is_last {
                    self.empty = self.empty.max(at);
                } else if is_nothing || is_enum {
                    self.is_open = true;
                }
            }
            if !is_nothing && self.at.is_none_or(|(most, _)| at >= most) {
                if self.at.is_none_or(|(most, _)| at > most) {
                    (self.names, self.has_elements) = Default::default();
                }
                self.at = Some((at, name));
                self.names.extend(names.iter().cloned().chain(known.clone().map(|(name, _)| name.clone())));
                self.has_elements |= has_elements;
            }
        }
        let is_by_any = pattern.awaited(*progress).any(|(_, segment)| *segment == PatternSegment::Any);
        let is_deep = is_anywhere || pattern.awaited(*progress).any(|(_, segment)| *segment == PatternSegment::Deep);
        let has_names = !names.is_empty();
        drop(names);
        let inner = state.named.iter().map(|(_, position)| (position, true)).chain([(&state.other, has_names)]);
        places.extend(
            inner.filter_map(|(position, is_name)| {
                Some((position.get()?.0.as_deref()?, is_deep || is_by_any && is_name))
            }),
        );
    }

    /// The error that says what there is.
    fn check(&self, (pattern, effect): &(Pattern, Effect)) -> Result<()> {
        let is_told = |(at, _): &(usize, Option<&str>)| !self.is_open && *at >= self.empty;
        let Some((at, name)) = self.at.filter(is_told) else { return Ok(()) };
        let steps = pattern.text.split('/').filter(|step| !step.is_empty());
        let place = match steps.take(at).collect::<Vec<_>>().join("/") {
            place if place.is_empty() => "the value".to_owned(),
            place => format!("`{place}`"),
        };
        let wanted = name.map_or("nothing".to_owned(), |name| format!("no `{}`", step_of(name)));
        let mut message = format!("`{}({:?})`: there is {wanted} in {place}", effect.option(), pattern.text);
        if !self.names.is_empty() {
            message.push_str(&format!(", which has {}", nearest(name.unwrap_or(""), &self.names)));
        } else if self.has_elements {
            message.push_str(", whose elements have no names: `*` stands for each of them");
        }
        let error = Error::new(ErrorKind::NotFound, message);
        let error = match pattern.as_meant() {
            Some(meant) => error.advised(format!("names have a `/` between them: is it {meant:?}?")),
            None => error,
        };
        Err(error.advised("`lenient()` takes paths that lead nowhere"))
    }
}

/// Names as a list, those that are most like `name` first.
fn nearest(name: &str, names: &BTreeSet<Box<str>>) -> String {
    const MAX_SHOWN: usize = 12;
    let mut names: Vec<_> = names.iter().map(|known| (distance(name, known), known)).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(MAX_SHOWN);
    let list: Vec<_> = names.iter().take(MAX_SHOWN).map(|(_, name)| format!("`{}`", step_of(name))).collect();
    let list = list.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

/// How many letters must change to make one name of another.
fn distance(one: &str, other: &str) -> usize {
    // Names of any length come from files.
    let letters = |name: &str| name.chars().take(64).collect::<Vec<_>>();
    let (one, other) = (letters(one), letters(other));
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (column, found) in other.iter().enumerate() {
            let changed = before + usize::from(letter != found);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(rules: &[(&str, Effect)]) -> RulePosition {
        let rules = rules.iter().map(|(path, effect)| (Pattern::new(path), effect.clone())).collect();
        Rules { rules, ..Rules::default() }.start(String::new)
    }

    /// Goes along a path, on which `-` is an element of a sequence.
    fn keep(position: &RulePosition, path: &str) -> Keep {
        let end = path.split('/').filter(|name| !name.is_empty()).fold(position, |position, name| match name {
            "-" => position.element(),
            name => position.field(name),
        });
        end.keep()
    }

    #[test]
    fn patterns_match_segment_by_segment() {
        for (pattern, paths, others) in [
            ("large", &["large"][..], &["larger", "a/large", "-"][..]),
            ("patches/*/nodes", &["patches/-/nodes", "patches/a/nodes"], &["patches/nodes", "patches/-/-/nodes"]),
            ("**/nodes", &["nodes", "a/nodes", "a/-/b/nodes"], &["a", "nodes/a", "a/nodes/b"]),
            ("a/**", &["a/b", "a/-/c"], &["a", "b"]),
            ("a/**/z", &["a/z", "a/b/z", "a/-/c/z"], &["a", "z", "a/b"]),
            ("*", &["a", "-"], &["", "a/b"]),
            ("a%2Fb", &["%"], &["a/b"]),
        ] {
            let position = start(&[(pattern, Effect::Skip)]);
            for path in paths {
                let found = if *path == "%" { position.field("a/b").keep() } else { keep(&position, path) };
                assert_eq!(found, Keep::No, "{pattern} and {path}");
            }
            for path in others {
                assert_ne!(keep(&position, path), Keep::No, "{pattern} and {path}");
            }
        }
    }

    #[test]
    fn only_keeps_what_is_named_and_what_leads_there() {
        let position = start(&[("patches/*/nodes", Effect::Only), ("title", Effect::Only)]);
        for (path, expected) in [
            ("", Keep::OnTheWay),
            ("title", Keep::Yes),
            ("patches", Keep::OnTheWay),
            ("patches/-", Keep::OnTheWay),
            ("patches/-/nodes", Keep::Yes),
            ("patches/-/nodes/x", Keep::Yes),
            ("patches/-/faces", Keep::No),
            ("other", Keep::No),
        ] {
            assert_eq!(keep(&position, path), expected, "{path}");
        }
        assert!(position.selects() && !position.field("title").selects());
        assert!(position.field("title").is_nowhere());
    }

    #[test]
    fn skip_holds_within_only() {
        let position = start(&[("a", Effect::Only), ("a/b", Effect::Skip)]);
        assert_eq!(keep(&position, "a/b"), Keep::No);
        assert_eq!(keep(&position, "a/c"), Keep::Yes);
        assert_eq!(keep(&position, "b"), Keep::No);
    }

    #[test]
    fn what_holds_at_a_path_holds_within_it() {
        let deflate = |level| DatasetOptions::new().deflate(level);
        let position = start(&[("a/*", Effect::At(deflate(1))), ("a/b/c", Effect::At(deflate(9)))]);
        assert_eq!(*position.dataset_options(), DatasetOptions::default());
        assert_eq!(*position.field("a").dataset_options(), DatasetOptions::default());
        assert_eq!(*position.field("a").element().dataset_options(), deflate(1));
        assert_eq!(*position.field("a").field("b").field("d").dataset_options(), deflate(1));
        assert_eq!(*position.field("a").field("b").field("c").element().dataset_options(), deflate(9));
        assert!(position.field("b").is_nowhere());
    }

    /// As deep as nobody reads without asking for it, on a stack that holds no such depth.
    #[test]
    fn paths_of_any_number_of_steps_take_no_stack() {
        let deep = || {
            for (path, is_used) in [("**/x", true), ("**/y", false), ("**/*/y", false)] {
                let start = start(&[(path, Effect::Skip)]);
                let end = (0..100_000).fold(&start, |position, _| position.field("a").element());
                assert_eq!(end.field("x").keep() == Keep::No, is_used);
                assert_eq!(start.finish().is_ok(), is_used);
            }
        };
        std::thread::Builder::new().stack_size(64 << 10).spawn(deep).unwrap().join().unwrap();
    }
}
