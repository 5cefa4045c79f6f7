//! What a page shows of values: text, tables, and pictures.

use std::path::Path;
use std::rc::Rc;

use filebacked::objects::{Dataset, Group, Scalar, TypeClass};
use filebacked::{ReadOptions, Reader};

use crate::commands::report::html::Html;
use crate::failure::{Failure, Outcome, why};
use crate::figure::{Form, Source, Style, Wish, figure, in_digits, is_drawn, lay_out, to_svg};
use crate::read_file::ReadFile;
use crate::rows::Row;
use crate::slice::Slice;
use crate::words;

/// How many rows and columns of a table are shown.
const ROWS: u64 = 8;
const COLUMNS: u64 = 8;
/// How many fields of a record.
const FIELDS: usize = 16;
/// How many characters of a value in a table.
const CELL: usize = 40;
/// How many digits of a float in a table.
const DIGITS: usize = 7;
/// How many values of a list are shown, and how many characters of them.
const VALUES: u64 = 40;
const LIST: usize = 600;
/// How many characters of a text by itself are shown.
const TEXT: usize = 4000;
/// How many bytes of a dataset are read for a picture.
const MOST_READ: u64 = 16 << 20;
/// How many pictures there are of the fields of records.
const PICTURES: usize = 4;
/// How few values make no picture.
const FEW: u64 = 3;
/// How many columns of a matrix are lines, where it is that much longer than wide.
const LINES: u64 = 6;
const LONG: u64 = 8;

/// Pictures of a dataset, or why there is none where there could be one.
pub(super) fn pictures(name: &str, dataset: Rc<Dataset>) -> Vec<Outcome<Html>> {
    let Some(dims) = dataset.dims().map(<[u64]>::to_vec) else { return Vec::new() };
    let class = dataset.element_type().class();
    match class {
        TypeClass::Record(_) if dims.len() == 1 && dims[0] >= FEW => {
            let sources = match Source::of_dataset(name, dataset, None, 2 * PICTURES) {
                Ok(sources) => sources,
                // There are no numbers among the fields.
                Err(_) => return Vec::new(),
            };
            let drawn = sources.into_iter().filter(|source| !source.is_flag()).take(PICTURES);
            drawn.map(|source| picture(std::slice::from_ref(&source.without_prefix(name)), "")).collect()
        }
        TypeClass::Bool | TypeClass::Enum(_) => Vec::new(),
        class if is_drawn(&class) => match dims[..] {
            [len] if len >= FEW => of_slice(name, dataset, None, ""),
            [rows, columns] if columns <= LINES && columns > 0 && rows >= LONG * columns => {
                let slices: Vec<String> = (0..columns).map(|column| format!(":, {column}")).collect();
                let sources = slices.iter().map(|slice| {
                    let mut found = Source::of_dataset(name, Rc::clone(&dataset), Slice::parse(slice).as_ref(), 1)?;
                    let mut source = found.pop().ok_or_else(|| Failure::error("no source"))?;
                    source.name = format!("[{slice}]");
                    Ok(source)
                });
                match sources.collect::<Outcome<Vec<Source>>>() {
                    Ok(sources) => vec![picture(&sources, "")],
                    Err(failure) => vec![Err(failure)],
                }
            }
            [rows, columns] if rows >= 2 && columns >= 2 => of_slice(name, dataset, None, ""),
            [.., rows, columns] if dims.len() > 2 && rows >= 2 && columns >= 2 && !dims.contains(&0) => {
                let first = vec!["0"; dims.len() - 2].join(", ");
                of_slice(name, dataset, Slice::parse(&first), &format!("the part [{first}]"))
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn of_slice(name: &str, dataset: Rc<Dataset>, slice: Option<Slice>, note: &str) -> Vec<Outcome<Html>> {
    match Source::of_dataset(name, dataset, slice.as_ref(), 1) {
        Ok(sources) => vec![picture(&sources, note)],
        Err(failure) => vec![Err(failure)],
    }
}

/// A picture of a column some of whose values are missing.
pub(super) fn masked_picture(name: &str, group: &Group) -> Option<Outcome<Html>> {
    // One of other values has no picture.
    let source = Source::masked(name, group, None, Vec::new()).ok()?;
    (source.dims().len() == 1 && source.len() >= FEW).then(|| picture(std::slice::from_ref(&source), ""))
}

fn picture(sources: &[Source], note: &str) -> Outcome<Html> {
    let is_matrix = sources.first().is_some_and(|source| source.dims().len() == 2);
    let form = Form { width: 460.0, height: if is_matrix { 280.0 } else { 210.0 }, font: 11.5, line: 1.2 };
    let wish = Wish { lines: (380, 160), cells: (200, 120), most: Some(MOST_READ), ..Wish::default() };
    let mut figure = figure(sources, &[], wish, &mut |_| {})?;
    let mut notes = std::mem::take(&mut figure.notes);
    if !note.is_empty() {
        notes.insert(0, note.to_owned());
    }
    let svg = to_svg(&lay_out(&figure, form), &figure.description(), Style::Page)?;
    let mut html = Html::default();
    html.raw("<figure class=\"f\">").svg(&svg);
    if !notes.is_empty() {
        html.raw("<figcaption>").text(&notes.join("; ")).raw("</figcaption>");
    }
    html.raw("</figure>");
    Ok(html)
}

/// The first values of a dataset, where its line in the list does not show all of them.
pub(super) fn values(dataset: &Dataset, line: &str) -> filebacked::Result<Html> {
    let mut html = Html::default();
    let Some(dims) = dataset.dims().filter(|_| !dataset.is_empty()) else { return Ok(html) };
    if let TypeClass::Unsupported(_) = dataset.element_type().class() {
        return Ok(html);
    }
    let first = |count: u64| -> Vec<u64> {
        let last = dims.len().saturating_sub(1);
        (0..dims.len()).map(|axis| if axis == last { dims[axis].min(count) } else { 1 }).collect()
    };
    let start = vec![0; dims.len()];
    match (dataset.element_type().class(), dims) {
        (TypeClass::Record(fields), _) => {
            let count = if dims.len() > 1 { first(ROWS) } else { dims.iter().map(|dim| (*dim).min(ROWS)).collect() };
            let items = dataset.read(&start, &count)?;
            let shown = items.len() as u64;
            html.raw("<div class=\"s\"><table class=\"v\">");
            caption(&mut html, shown, dataset.len(), fields.len());
            html.raw("<thead><tr>");
            fields.iter().take(FIELDS).for_each(|(name, field)| head(&mut html, name, is_drawn(&field.class())));
            html.raw("</tr></thead><tbody>");
            for item in items.iter() {
                html.raw("<tr>");
                if let Ok(Scalar::Record(record)) = item {
                    record.fields().take(FIELDS).for_each(|(_, value)| cell(&mut html, &value));
                }
                html.raw("</tr>");
            }
            html.raw("</tbody></table></div>");
        }
        (_, []) => {
            let items = dataset.read(&[], &[])?;
            if let Some(Ok(Scalar::Text(text))) = items.iter().next()
                && (text.chars().nth(CELL).is_some() || text.contains('\n'))
            {
                html.raw("<pre>").lines(&words::cut(text, TEXT)).raw("</pre>");
            }
        }
        (_, [_]) if !line.ends_with("...") => {}
        (_, [_]) => {
            let items = dataset.read(&start, &first(VALUES))?;
            html.raw("<p><code>");
            html.text(&words::first(items.elements(), VALUES as usize, dataset.len(), LIST)).raw("</code></p>");
        }
        (_, [.., rows, columns]) => {
            let (most_rows, most_columns) = ((*rows).min(ROWS), (*columns).min(COLUMNS));
            let mut count = vec![1; dims.len()];
            count[dims.len() - 2..].copy_from_slice(&[most_rows, most_columns]);
            let items = dataset.read(&start, &count)?;
            html.raw("<div class=\"s\"><table class=\"v\"><caption>");
            let whole = (most_rows, most_columns) == (*rows, *columns) && dims.len() == 2;
            html.text(&if whole {
                "values".to_owned()
            } else {
                format!("the first {most_rows} × {most_columns} values")
            });
            html.raw("</caption><tbody>");
            for row in 0..most_rows {
                html.raw("<tr>");
                for column in 0..most_columns {
                    cell(&mut html, &items.elements().get((row * most_columns + column) as usize));
                }
                html.raw("</tr>");
            }
            html.raw("</tbody></table></div>");
        }
    }
    Ok(html)
}

/// The first rows of a list of records, however it is stored.
pub(super) fn records(options: &ReadOptions, file: &Path, path: &str) -> Result<Html, String> {
    let mut reader: Reader<Row> = options.reader_of(file, path).map_err(|error| why(&error))?;
    let (len, mut rows) = (reader.len(), Vec::new());
    for index in 0..len.min(ROWS) {
        rows.push(reader.get(index).map_err(|error| why(&error))?.into_cells());
    }
    let mut html = Html::default();
    let Some(first) = rows.first() else { return Ok(html) };
    html.raw("<div class=\"s\"><table class=\"v\">");
    caption(&mut html, rows.len() as u64, len, first.len());
    html.raw("<thead><tr>");
    first.iter().take(FIELDS).for_each(|(name, text)| head(&mut html, name, text.parse::<f64>().is_ok()));
    html.raw("</tr></thead><tbody>");
    for row in &rows {
        html.raw("<tr>");
        for (name, _) in first.iter().take(FIELDS) {
            let text = row.iter().find(|(other, _)| other == name).map_or("", |(_, text)| text.as_str());
            text_cell(&mut html, &words::cut(text, CELL), text.parse::<f64>().is_ok());
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div>");
    Ok(html)
}

fn caption(html: &mut Html, rows: u64, all: u64, fields: usize) {
    html.raw("<caption>");
    html.text(&match (rows == all, all) {
        (true, 1) => "one record".to_owned(),
        (true, _) => format!("all {all} records"),
        (false, _) => format!("the first {rows} of {} records", crate::figure::grouped(all)),
    });
    if fields > FIELDS {
        html.text(&format!(", {FIELDS} of {fields} fields"));
    }
    html.raw("</caption>");
}

fn head(html: &mut Html, name: &str, is_number: bool) {
    html.raw(if is_number { "<th scope=\"col\">" } else { "<th scope=\"col\" class=\"w\">" })
        .text(&words::cut(name, CELL))
        .raw("</th>");
}

fn cell(html: &mut Html, value: &filebacked::Result<Scalar<'_>>) {
    match value {
        // A preview shows no more digits than are read with ease.
        Ok(Scalar::F64(float)) if float.is_finite() => text_cell(html, &in_digits(*float, DIGITS), true),
        Ok(Scalar::Text(_) | Scalar::Reference(_) | Scalar::List(_) | Scalar::Array(..) | Scalar::Bytes(_)) => {
            text_cell(html, &words::short(value, CELL), false);
        }
        value => text_cell(html, &words::short(value, CELL), true),
    }
}

fn text_cell(html: &mut Html, text: &str, is_number: bool) {
    html.raw(if is_number { "<td>" } else { "<td class=\"w\">" }).text(text).raw("</td>");
}
