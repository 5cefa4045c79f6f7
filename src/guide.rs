//! The guide: pages that teach, one topic each. They are the files in `docs/`, and their examples are run with the tests.
//!
//! | page | for |
//! |---|---|
//! | [`start`] | installing it, platforms, the five calls that most programs need, options |
//! | [`i_have`] | arrays, tables, times, huge maps, enums, other people's files: what to write for each, and how Python reads it |
//! | [`elsewhere`] | reading the files with Python, R, Octave, MATLAB, Julia |
//! | [`changing_types`] | what happens to old files when a type changes |
//! | [`formats`] | which format when, with figures |
//! | [`promises`] | stability, determinism, atomicity, threads, hostile files, limits |
//! | [`ranks`] | one file from many ranks: MPI, or threads |
//! | [`remote`](mod@self::remote) | files in S3 and other stores: reading them by ranges, writing them |
//! | [`interop`] | what becomes of the files of other programs, in tables |
//! | [`dependencies`] | what the crate brings along, and the licences of it |
//! | [`format`](mod@self::format) | the layout of the files |

/// A page, with the links that it has as a file led to the modules of this one: of two definitions, the first counts.
macro_rules! page {
    ($(#[$attribute:meta])* $name:ident, $file:literal, $($link:literal: $target:literal),* $(,)?) => {
        $(#[$attribute])*
        $(#[doc = concat!("[", $link, "]: ", $target)])*
        #[doc = ""]
        // Other builds need not be made anew when a page changes.
        #[cfg_attr(any(doc, doctest), doc = include_str!($file))]
        pub mod $name {}
    };
}

page! {
    start, "../docs/start.md",
    "i-have": "crate::guide::i_have",
    "elsewhere": "crate::guide::elsewhere",
    "changing": "crate::guide::changing_types",
    "formats": "crate::guide::formats",
    "promises": "crate::guide::promises",
    "hostile": "crate::guide::promises#files-of-strangers",
    "interop": "crate::guide::interop",
    "dependencies": "crate::guide::dependencies",
    "format": "crate::guide::format",
}

page! {
    #[cfg(any(not(doctest), feature = "sprs"))]
    i_have, "../docs/i-have.md",
    "start": "crate::guide::start",
    "elsewhere": "crate::guide::elsewhere",
    "interop": "crate::guide::interop",
    "json": "crate::guide::interop#whole-files-as-json-and-other-formats",
    "format": "crate::guide::format",
    "codec": "crate::codec",
}

page! {
    #[cfg(any(not(doctest), feature = "sprs"))]
    elsewhere, "../docs/elsewhere.md",
    "interop": "crate::guide::interop",
    "format": "crate::guide::format",
}

page! {
    changing_types, "../docs/changing-types.md",
    "i-have": "crate::guide::i_have#a-list-too-large-for-memory",
    "promises": "crate::guide::promises#stability",
}

page! {
    formats, "../docs/formats.md",
    "i-have": "crate::guide::i_have",
}

page! {
    promises, "../docs/promises.md",
    "progress": "crate::guide::start#progress-and-a-way-to-stop",
    "format": "crate::guide::format",
}

page! {
    ranks, "../docs/ranks.md",
    "promises": "crate::guide::promises",
}

page! {
    remote, "../docs/remote.md",
    "hostile": "crate::guide::promises#files-of-strangers",
}

page! {
    interop, "../docs/interop.md",
    "i-have": "crate::guide::i_have",
    "python-filebacked": "crate::guide::i_have#files-of-the-python-package-filebacked",
    "elsewhere": "crate::guide::elsewhere",
    "marks": "crate::guide::format#marks-of-other-programs",
}

page! {
    dependencies, "../docs/dependencies.md",
    "format": "crate::guide::format",
}

// Its examples are values alone; `tests/disk` writes them.
#[cfg(not(doctest))]
page! {
    format, "../FORMAT.md",
    "interop": "crate::guide::interop",
}
