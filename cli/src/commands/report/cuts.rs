//! Where a page is cut, so that a browser opens it at once however long it is. Long lists become several. What is in closed
//! folds, and in all but the first list of a group, waits: it is the content of a `noscript` element. A browser that runs the
//! page's script takes that as one text, which costs next to nothing. The script makes elements of it when the reader comes to
//! it, or when the browser has nothing else to do. A browser that runs no scripts shows it from the beginning.
//!
//! The first `</noscript` ends such an element, so none can be within another. A part that waits within another is between two
//! comments instead. No name and no value of a file can end or begin either: [`Html`] escapes `<` and `>`.

use crate::commands::report::html::Html;

/// How many rows are in one list.
const ROWS: usize = 200;
/// How many bytes of a list are made at once, beyond which another one begins.
const BYTES: usize = 128_000;
/// From how many bytes on a part waits.
const LARGE: usize = 2000;
/// Up to how many bytes of a page nothing waits.
const PLAIN: usize = 200_000;
/// From how many rows on browsers lay out a first list only when it is to be seen.
const LONG: usize = 30;

/// The cuts of a page, in their order.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    cuts: Vec<(usize, Cut)>,
    /// The lists within each other that are not ended yet.
    lists: Vec<List>,
}

#[derive(Debug)]
enum Cut {
    /// A list of so many rows begins: the first of its group, or a later one.
    List { rows: usize, is_first: bool },
    /// A part begins that may wait.
    Part { waits: bool },
    /// The end of a part that waits.
    End,
}

/// What a closed fold has below its line, or the rows of a list that is not the first of its group.
#[derive(Debug)]
pub(super) struct Part {
    cut: usize,
    start: usize,
}

/// The lists of a group, of which one is being written.
#[derive(Debug)]
struct List {
    /// What is in the fold of the group, if that is closed.
    fold: Option<Part>,
    /// The rows of this list, if it is not the first.
    part: Option<Part>,
    cut: usize,
    start: usize,
    rows: usize,
    /// Bytes in it that wait, and those in the lists before.
    waiting: usize,
    waiting_before: usize,
}

impl Cuts {
    /// A part begins at this byte of the page.
    pub(super) fn begin(&mut self, at: usize) -> Part {
        self.cuts.push((at, Cut::Part { waits: false }));
        Part { cut: self.cuts.len() - 1, start: at }
    }

    /// A part ends, in which so many bytes are in parts that wait by themselves. Returns how many bytes of it wait.
    fn end_part(&mut self, part: &Part, at: usize, waiting: usize) -> usize {
        if at - part.start - waiting < LARGE {
            return waiting;
        }
        self.cuts[part.cut].1 = Cut::Part { waits: true };
        self.cuts.push((at, Cut::End));
        at - part.start
    }

    /// The end of a part that is no group's.
    pub(super) fn end(&mut self, part: &Part, at: usize) {
        let waiting = self.end_part(part, at, 0);
        if let Some(list) = self.lists.last_mut() {
            list.waiting += waiting;
        }
    }

    /// The list of a group begins. `fold` is what is in the group's fold, if that is closed.
    pub(super) fn begin_list(&mut self, fold: Option<Part>, at: usize) {
        let cut = self.list(true, at);
        self.lists.push(List { fold, part: None, cut, start: at, rows: 0, waiting: 0, waiting_before: 0 });
    }

    /// Another row comes. Another list begins before it where the last one is long.
    pub(super) fn row(&mut self, html: &mut Html) {
        let Some(list) = self.lists.last() else { return };
        if list.rows >= ROWS || html.as_str().len() - list.start - list.waiting >= BYTES {
            self.end_rows(html);
            let at = html.as_str().len();
            let cut = self.list(false, at);
            let part = self.begin(at);
            if let Some(list) = self.lists.last_mut() {
                (list.part, list.cut, list.start, list.rows, list.waiting) = (Some(part), cut, at, 0, 0);
            }
        }
        if let Some(list) = self.lists.last_mut() {
            list.rows += 1;
        }
    }

    fn list(&mut self, is_first: bool, at: usize) -> usize {
        self.cuts.push((at, Cut::List { rows: 0, is_first }));
        self.cuts.len() - 1
    }

    /// Ends a list, after which another may come.
    fn end_rows(&mut self, html: &mut Html) {
        let at = html.as_str().len();
        html.raw("</ul>");
        let Some(list) = self.lists.last_mut() else { return };
        if let Cut::List { rows, .. } = &mut self.cuts[list.cut].1 {
            *rows = list.rows;
        }
        let (part, waiting) = (list.part.take(), list.waiting);
        let waiting = part.map_or(waiting, |part| self.end_part(&part, at, waiting));
        if let Some(list) = self.lists.last_mut() {
            list.waiting_before += waiting;
        }
    }

    /// The list of a group ends.
    pub(super) fn end_list(&mut self, html: &mut Html) {
        self.end_rows(html);
        let Some(list) = self.lists.pop() else { return };
        let waiting = list.waiting_before;
        let waiting = list.fold.map_or(waiting, |fold| self.end_part(&fold, html.as_str().len(), waiting));
        if let Some(list) = self.lists.last_mut() {
            list.waiting += waiting;
        }
    }

    /// Writes the page that was cut.
    pub(super) fn write(&self, page: &Html, html: &mut Html) {
        let is_plain = page.as_str().len() <= PLAIN;
        let (mut from, mut depth) = (0, 0);
        for (at, cut) in &self.cuts {
            html.part(page, from..*at);
            from = *at;
            match cut {
                Cut::List { rows, is_first: true } if *rows < LONG => drop(html.raw("<ul>")),
                Cut::List { rows, .. } => drop(html.raw("<ul class=\"c\" style=\"--r:").number(*rows).raw("\">")),
                Cut::Part { waits } if is_plain || !waits => {}
                Cut::Part { .. } => {
                    html.raw(if depth == 0 { "<noscript>" } else { "<!--[-->" });
                    depth += 1;
                }
                Cut::End if is_plain => {}
                Cut::End => {
                    depth -= 1;
                    html.raw(if depth == 0 { "</noscript>" } else { "<!--]-->" });
                }
            }
        }
        html.part(page, from..page.as_str().len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group, of whose fold the line is written.
    fn group(cuts: &mut Cuts, page: &mut Html, is_open: bool, rows: &mut dyn FnMut(&mut Cuts, &mut Html)) {
        let at = page.as_str().len();
        let fold = (!is_open).then(|| cuts.begin(at));
        cuts.begin_list(fold, at);
        rows(cuts, page);
        cuts.end_list(page);
    }

    fn rows(count: usize) -> impl FnMut(&mut Cuts, &mut Html) {
        move |cuts, page| {
            for _ in 0..count {
                cuts.row(page);
                page.raw("<li>0123456789012345678901234567890123456789</li>");
            }
        }
    }

    fn written(cuts: &Cuts, page: &Html) -> String {
        let mut html = Html::default();
        cuts.write(page, &mut html);
        html.as_str().replace("<li>0123456789012345678901234567890123456789</li>", "")
    }

    #[test]
    fn long_lists_and_closed_folds_wait() {
        let (mut cuts, mut page) = (Cuts::default(), Html::default());
        group(&mut cuts, &mut page, true, &mut |cuts, page| {
            // One that is small does not wait, and one that is large does, in which the second list waits once more.
            group(cuts, page, false, &mut rows(3));
            group(cuts, page, false, &mut rows(6000));
            // The large one is no part of what is seen, so the list goes on.
            rows(250)(cuts, page);
        });
        let (list, end) =
            ("<ul class=\"c\" style=\"--r:200\">", "<ul class=\"c\" style=\"--r:50\"><noscript></noscript></ul>");
        let inner = format!("{list}</ul>{}", format!("{list}<!--[--><!--]--></ul>").repeat(29));
        assert_eq!(written(&cuts, &page), format!("{list}<ul></ul><noscript>{inner}</noscript></ul>{end}"));
    }

    #[test]
    fn nothing_of_a_small_page_waits() {
        let (mut cuts, mut page) = (Cuts::default(), Html::default());
        group(&mut cuts, &mut page, false, &mut rows(1000));
        assert_eq!(written(&cuts, &page), "<ul class=\"c\" style=\"--r:200\"></ul>".repeat(5));
    }

    /// What does not wait is limited, whatever the lists are like.
    #[test]
    fn what_is_made_at_once_is_limited() {
        let (mut cuts, mut page) = (Cuts::default(), Html::default());
        group(&mut cuts, &mut page, true, &mut |cuts, page| {
            for _ in 0..1000 {
                cuts.row(page);
                // Folds that are closed, each too small to wait.
                group(cuts, page, false, &mut rows(40));
            }
        });
        let mut html = Html::default();
        cuts.write(&page, &mut html);
        let at_once: String =
            html.as_str().split("</noscript>").map(|part| part.split("<noscript>").next().unwrap_or("")).collect();
        // Beside the bytes of the first list: a row more, which does not wait, the last list, if it is short, and what begins each.
        let (lists, whole) = (at_once.matches("<ul class=").count(), html.as_str().len());
        assert!(
            lists < 100 && at_once.len() < BYTES + 2 * LARGE + 100 * lists,
            "{} of {whole}, {lists}",
            at_once.len()
        );
        assert!(whole > 1_900_000, "{whole}");
    }
}
