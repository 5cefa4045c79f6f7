//! Where in a value something is, as far as the options tell places apart.
//!
//! A [`Pattern`] is matched segment by segment on the way into a value: [`Route`] is how far the patterns of all rules have
//! come. Fields, keys and variants are segments by their names, and so are the positions of tuples; an element of a sequence
//! is a segment without a name. Options and wrapper types are none. So a place has the same route however it is stored.
//!
//! Where no rule says anything, a route is empty, and to go on costs nothing. Else each step is worked out once, as the
//! names that no pattern has are all alike.

use std::sync::{Arc, LazyLock, OnceLock};

use crate::error::Result;
use crate::format::unescape;
use crate::how::DatasetOptions;

/// A path with wildcards: `field/*`, `patches/*/nodes`, `**/scratch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Box<[Segment]>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Name(Box<str>),
    /// `*`: any one segment.
    Any,
    /// `**`: any number of segments; at the end at least one.
    Deep,
}

/// How far a pattern has come: bit `n` is set where `n` segments may have been used up.
type Progress = u128;

/// No value nests as deep as that, so a longer pattern stands for nothing.
const MAX_SEGMENTS: usize = 127;

impl Pattern {
    pub(crate) fn new(path: &str) -> Self {
        let segment = |text: &str| match text {
            "*" => Segment::Any,
            "**" => Segment::Deep,
            name => Segment::Name(unescape(name).into()),
        };
        Self(path.split('/').filter(|text| !text.is_empty()).map(segment).collect())
    }

    fn start(&self) -> Progress {
        if self.0.len() > MAX_SEGMENTS { 0 } else { self.with_skipped(1) }
    }

    /// Adds where a `**` that stands for nothing leads.
    fn with_skipped(&self, mut progress: Progress) -> Progress {
        for (at, segment) in self.0.iter().enumerate() {
            if *segment == Segment::Deep && at + 1 < self.0.len() && progress & (1 << at) != 0 {
                progress |= 1 << (at + 1);
            }
        }
        progress
    }

    /// Goes one segment on: one of that name, or one without.
    fn step(&self, progress: Progress, name: Option<&str>) -> Progress {
        let mut next = 0;
        for (at, segment) in self.0.iter().enumerate().filter(|(at, _)| progress & (1 << at) != 0) {
            next |= match segment {
                Segment::Name(wanted) if Some(&**wanted) == name => 1 << (at + 1),
                Segment::Name(_) => 0,
                Segment::Any => 1 << (at + 1),
                Segment::Deep if at + 1 == self.0.len() => (1 << at) | (1 << (at + 1)),
                Segment::Deep => 1 << at,
            };
        }
        self.with_skipped(next)
    }

    fn is_matched(&self, progress: Progress) -> bool {
        progress & (1 << self.0.len()) != 0
    }

    /// Whether something further inside can be matched.
    fn goes_on(&self, progress: Progress) -> bool {
        progress & ((1 << self.0.len()) - 1) != 0
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
pub(crate) struct Route(Option<Arc<State>>);

#[derive(Debug)]
struct State {
    rules: Arc<Rules>,
    /// The rules that are about something further inside: their numbers, and how far their patterns are.
    live: Box<[(usize, Progress)]>,
    keep: Keep,
    /// Whether it is in something that is to be kept by `only`, or there is no such rule.
    is_chosen: bool,
    how: Arc<DatasetOptions>,
    /// The steps by a name that a live pattern has next, and by any other.
    named: Box<[(Box<str>, OnceLock<Route>)]>,
    other: OnceLock<Route>,
}

impl State {
    fn is_uniform(&self) -> bool {
        self.live.is_empty() && self.keep == Keep::Yes
    }
}

static NOWHERE: Route = Route(None);

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
        Self { base: self.base.renewed(), rules, python: self.python.clone() }
    }

    /// Where the value of a call begins.
    pub(crate) fn route(&self) -> Route {
        if self.rules.is_empty() && self.base == DatasetOptions::default() && self.python.is_none() {
            return Route(None);
        }
        let rules = Arc::new(self.renewed());
        let live = rules.rules.iter().map(|(pattern, _)| pattern.start()).enumerate().collect::<Vec<_>>();
        let live = live.into_iter().filter(|(_, progress)| *progress != 0).collect();
        let is_chosen = !rules.rules.iter().any(|(_, effect)| matches!(effect, Effect::Only));
        let how = Arc::new(rules.base.clone());
        let mut route = Route::at(&rules, live, is_chosen, &how);
        // The value itself is there, whatever it is.
        if let Some(state) = route.0.as_mut().and_then(Arc::get_mut)
            && state.keep == Keep::No
        {
            state.keep = Keep::OnTheWay;
        }
        route
    }
}

impl Route {
    /// Where no rule says anything.
    pub(crate) fn nowhere() -> &'static Self {
        &NOWHERE
    }

    /// An error if the options say what they cannot mean. Called where a call begins.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(state) = &self.0 else { return Ok(()) };
        state.rules.storing().try_for_each(DatasetOptions::check)
    }

    /// An error if the options said what the call, all of which is done, had no use for. Called where a call begins.
    pub(crate) fn finish(&self) -> Result<()> {
        let Some(state) = &self.0 else { return Ok(()) };
        state.rules.storing().try_for_each(|options| options.storing.check_use())
    }

    fn at(rules: &Arc<Rules>, mut live: Vec<(usize, Progress)>, was_chosen: bool, how: &Arc<DatasetOptions>) -> Self {
        let (mut how, mut is_chosen, mut is_skipped) = (Arc::clone(how), was_chosen, false);
        for (number, progress) in &live {
            let (pattern, effect) = &rules.rules[*number];
            match effect {
                _ if !pattern.is_matched(*progress) => {}
                Effect::Skip => is_skipped = true,
                Effect::Only => is_chosen = true,
                Effect::At(options) => how = Arc::new(options.clone().over(&how)),
            }
        }
        live.retain(|(number, progress)| {
            let (pattern, effect) = &rules.rules[*number];
            pattern.goes_on(*progress) && !(is_chosen && matches!(effect, Effect::Only))
        });
        let is_on_the_way = || live.iter().any(|(number, _)| matches!(rules.rules[*number].1, Effect::Only));
        let keep = match (is_skipped, is_chosen) {
            (true, _) => Keep::No,
            (false, true) => Keep::Yes,
            (false, false) if is_on_the_way() => Keep::OnTheWay,
            (false, false) => Keep::No,
        };
        if live.is_empty() && keep == Keep::Yes && *how == DatasetOptions::default() && rules.python.is_none() {
            return Self(None);
        }
        let mut names = Vec::new();
        for (number, progress) in &live {
            for (at, segment) in rules.rules[*number].0.0.iter().enumerate() {
                if let Segment::Name(name) = segment
                    && progress & (1 << at) != 0
                    && !names.contains(name)
                {
                    names.push(name.clone());
                }
            }
        }
        let named = names.into_iter().map(|name| (name, OnceLock::new())).collect();
        let (rules, live, other) = (Arc::clone(rules), live.into(), OnceLock::new());
        Self(Some(Arc::new(State { rules, live, keep, is_chosen, how, named, other })))
    }

    /// Whether no rule says anything here or further inside.
    #[inline]
    pub(crate) fn is_nowhere(&self) -> bool {
        self.0.is_none()
    }

    /// The module of the classes, where all is laid out as the Python package FileBacked does it.
    pub(crate) fn python(&self) -> Option<&Arc<str>> {
        self.0.as_ref().and_then(|state| state.rules.python.as_ref())
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
    pub(crate) fn position(&self, index: usize) -> &Self {
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

    fn step<'a>(&'a self, state: &'a State, name: Option<&str>) -> &'a Self {
        if state.is_uniform() {
            return self;
        }
        let named = state.named.iter().find(|(known, _)| Some(&**known) == name);
        let place = named.map_or(&state.other, |(_, place)| place);
        place.get_or_init(|| {
            let step =
                |(number, progress): &(usize, Progress)| (*number, state.rules.rules[*number].0.step(*progress, name));
            let live = state.live.iter().map(step).filter(|(_, progress)| *progress != 0).collect();
            Self::at(&state.rules, live, state.is_chosen, &state.how)
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
        !state.is_chosen || state.live.iter().any(|(number, _)| !matches!(state.rules.rules[*number].1, Effect::At(_)))
    }

    /// How what is here is stored.
    pub(crate) fn how(&self) -> &DatasetOptions {
        static PLAIN: LazyLock<DatasetOptions> = LazyLock::new(DatasetOptions::default);
        self.0.as_ref().map_or(&PLAIN, |state| &state.how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(rules: &[(&str, Effect)]) -> Route {
        let rules = rules.iter().map(|(path, effect)| (Pattern::new(path), effect.clone())).collect();
        Rules { rules, ..Rules::default() }.route()
    }

    /// Goes along a path, on which `-` is an element of a sequence.
    fn keep(route: &Route, path: &str) -> Keep {
        let end = path.split('/').filter(|name| !name.is_empty()).fold(route, |route, name| match name {
            "-" => route.element(),
            name => route.field(name),
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
            let route = route(&[(pattern, Effect::Skip)]);
            for path in paths {
                let found = if *path == "%" { route.field("a/b").keep() } else { keep(&route, path) };
                assert_eq!(found, Keep::No, "{pattern} and {path}");
            }
            for path in others {
                assert_ne!(keep(&route, path), Keep::No, "{pattern} and {path}");
            }
        }
    }

    #[test]
    fn only_keeps_what_is_named_and_what_leads_there() {
        let route = route(&[("patches/*/nodes", Effect::Only), ("title", Effect::Only)]);
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
            assert_eq!(keep(&route, path), expected, "{path}");
        }
        assert!(route.selects() && !route.field("title").selects());
        assert!(route.field("title").is_nowhere());
    }

    #[test]
    fn skip_holds_within_only() {
        let route = route(&[("a", Effect::Only), ("a/b", Effect::Skip)]);
        assert_eq!(keep(&route, "a/b"), Keep::No);
        assert_eq!(keep(&route, "a/c"), Keep::Yes);
        assert_eq!(keep(&route, "b"), Keep::No);
    }

    #[test]
    fn what_holds_at_a_path_holds_within_it() {
        let deflate = |level| DatasetOptions::new().deflate(level);
        let route = route(&[("a/*", Effect::At(deflate(1))), ("a/b/c", Effect::At(deflate(9)))]);
        assert_eq!(*route.how(), DatasetOptions::default());
        assert_eq!(*route.field("a").how(), DatasetOptions::default());
        assert_eq!(*route.field("a").element().how(), deflate(1));
        assert_eq!(*route.field("a").field("b").field("d").how(), deflate(1));
        assert_eq!(*route.field("a").field("b").field("c").element().how(), deflate(9));
        assert!(route.field("b").is_nowhere());
    }
}
