//! How large a page may become, and who gets how much of it.

/// Bytes of a page: what is needed to show that an object is there is kept for all of them. Then come attributes and first values of
/// each, and what is left goes to pictures and tables, to the first ones first.
#[derive(Debug)]
pub(super) struct Budget {
    most: u64,
    /// What is kept for the objects that come.
    ahead: u64,
    objects_ahead: u64,
    /// What each of them may have of attributes and first values.
    each: u64,
}

/// Bytes of the page around the objects, with what is said above them.
const AROUND: u64 = 24_000;
/// Bytes of an object but for its name.
const OBJECT: u64 = 170;
/// How much of what is not kept is for attributes and first values.
const SHARE: (u64, u64) = (3, 4);
/// What of these one object may have of it.
const MOST_EACH: u64 = 2000;

/// What is kept for an object of that name.
fn kept(name: &str) -> u64 {
    OBJECT + name.len() as u64
}

impl Budget {
    /// One for objects of these names.
    pub(super) fn new<'a>(most: u64, names: impl Iterator<Item = &'a str>) -> Self {
        let (mut ahead, mut objects_ahead) = (0, 0);
        for name in names {
            ahead += kept(name);
            objects_ahead += 1;
        }
        let spare = most.saturating_sub(AROUND + ahead);
        let each = (spare * SHARE.0 / SHARE.1 / std::cmp::max(objects_ahead, 1)).min(MOST_EACH);
        Self { most: most.saturating_sub(AROUND), ahead, objects_ahead, each }
    }

    /// An object of that name comes now.
    pub(super) fn next(&mut self, name: &str) {
        self.ahead -= kept(name);
        self.objects_ahead -= 1;
    }

    /// Whether a page of so many bytes has room for so many more of attributes and first values.
    pub(super) fn has_room(&self, page: u64, more: u64) -> bool {
        more <= self.each && page + more + self.ahead <= self.most || self.has_room_for_more(page, more)
    }

    /// Whether there is room for so many bytes of pictures and tables.
    pub(super) fn has_room_for_more(&self, page: u64, more: u64) -> bool {
        page + more + self.ahead + self.objects_ahead * self.each <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_things_go_before_pictures() {
        let names = vec!["abcdefghij"; 1000];
        let mut budget = Budget::new(1_000_000, names.iter().copied());
        budget.next(names[0]);
        assert!(budget.has_room(0, budget.each));
        assert!(!budget.has_room_for_more(0, 300_000));
        assert!(budget.has_room_for_more(0, 150_000));
        // The last one may take all that is left.
        names[1..].iter().for_each(|name| budget.next(name));
        assert!(budget.has_room_for_more(500_000, 400_000));
        assert!(!budget.has_room_for_more(500_000, 500_000));
        // Nothing is left where the names alone take all.
        let mut budget = Budget::new(100_000, names.iter().copied());
        budget.next(names[0]);
        assert!(!budget.has_room(200, 1));
    }
}
