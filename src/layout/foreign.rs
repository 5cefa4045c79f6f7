//! The words by which other programs say how they lay things out.

/// AnnData's codes for values that are few: each is the position of its value, or negative where there is none.
pub(crate) const CATEGORICAL: &str = "categorical";
/// The version of AnnData's encoding of categories that is written.
#[cfg(feature = "arrow")]
pub(crate) const CATEGORICAL_VERSION: &str = "0.2.0";
/// The attribute of `categorical` that says whether the values have an order.
#[cfg(feature = "arrow")]
pub(crate) const ORDERED: &str = "ordered";
/// The positions of `categorical`.
pub(crate) const CODES: &str = "codes";
/// The values of `categorical`; before AnnData 0.8, an attribute of the codes that refers to these.
pub(crate) const CATEGORIES: &str = "categories";
/// What AnnData's names of columns with a mask begin with.
pub(crate) const NULLABLE: &str = "nullable-";
/// AnnData's tables: a child for each column.
pub(crate) const DATAFRAME: &str = "dataframe";
/// The attribute of `dataframe` that has the names of the columns, in their order.
pub(crate) const COLUMN_ORDER: &str = "column-order";
/// The attribute of `dataframe` that names the column with the names of the rows.
pub(crate) const INDEX: &str = "_index";

/// The attribute by which pandas says what a group is.
pub(crate) const PANDAS_TYPE: &str = "pandas_type";
/// What pandas calls a table whose columns are in blocks, one for each type.
pub(crate) const PANDAS_FRAME: &str = "frame";
/// What pandas calls a column.
pub(crate) const PANDAS_SERIES: &str = "series";
/// What pandas' names of tables that PyTables has end with.
pub(crate) const PANDAS_TABLE: &str = "_table";
/// The dataset of such a table.
pub(crate) const TABLE: &str = "table";
/// The names of the rows of `frame`, and the name of them as a column.
pub(crate) const PANDAS_ROWS: (&str, &str) = ("axis1", "index");

/// The attribute that names a level of rows, and Python's pickle of no name.
pub(crate) const PANDAS_NAME: &str = "name";
pub(crate) const PANDAS_NOTHING: &str = "N.";

/// The names of the columns in a block of `frame`, and their values.
pub(crate) fn block(number: usize) -> (String, String) {
    (format!("block{number}_items"), format!("block{number}_values"))
}

/// The names of such columns at a level of several, and which of these each column has.
pub(crate) fn level_of(items: &str, level: usize) -> (String, String) {
    (format!("{items}_level{level}"), format!("{items}_label{level}"))
}

/// The attribute by which MATLAB says what a variable is.
pub(crate) const MATLAB_CLASS: &str = "MATLAB_class";
/// The attribute of what has no elements: its dataset is its dimensions.
pub(crate) const MATLAB_EMPTY: &str = "MATLAB_empty";
/// The attribute of an object of a class, of which only MATLAB knows how it is stored.
pub(crate) const MATLAB_OBJECT: &str = "MATLAB_object_decode";
/// The groups of what MATLAB's cells refer to, and of its objects.
pub(crate) const MATLAB_HIDDEN: [&str; 2] = ["#refs#", "#subsystem#"];
/// What is always the first of the former, and the class of it.
pub(crate) const MATLAB_FIRST: (&str, &str) = ("a", "canonical empty");
/// MATLAB's strings.
pub(crate) const MATLAB_CHAR: &str = "char";
/// MATLAB's bools.
pub(crate) const MATLAB_LOGICAL: &str = "logical";
/// The attribute of a table of pandas' that says what a column is, and what it says of one of categories.
pub(crate) fn meta_of(column: &str) -> String {
    format!("{column}_meta")
}
pub(crate) const PANDAS_CATEGORY: &str = "category";
/// Where the categories are, as a column of that name.
pub(crate) fn categories_of(column: &str) -> [String; 4] {
    [PANDAS_META, column, PANDAS_META, TABLE].map(str::to_owned)
}
const PANDAS_META: &str = "meta";

/// pandas' attributes of an array without elements: the type that these would have, and the shape.
pub(crate) const PANDAS_EMPTY: [&str; 2] = ["value_type", "shape"];

/// MATLAB's classes of numbers, integers by their bits: without and with a sign.
pub(crate) const MATLAB_FLOATS: [&str; 2] = ["single", "double"];
pub(crate) const MATLAB_UNSIGNED: [&str; 4] = ["uint8", "uint16", "uint32", "uint64"];
pub(crate) const MATLAB_SIGNED: [&str; 4] = ["int8", "int16", "int32", "int64"];
/// MATLAB's arrays of anything.
pub(crate) const MATLAB_CELL: &str = "cell";
/// MATLAB's attribute of sparse matrices, which counts the rows; the children of such a group are called so.
#[cfg(feature = "sprs")]
pub(crate) const MATLAB_SPARSE: &str = "MATLAB_sparse";
#[cfg(feature = "sprs")]
pub(crate) const MATLAB_INDICES: [&str; 2] = ["ir", "jc"];
/// The attributes by which MATLAB says what a variable is, and where.
pub(crate) const MATLAB_ATTRIBUTES: [&str; 5] =
    [MATLAB_CLASS, MATLAB_EMPTY, "MATLAB_int_decode", "MATLAB_fields", "H5PATH"];
/// MATLAB's structs, and arrays of them.
pub(crate) const MATLAB_STRUCT: &str = "struct";

/// hickle's attribute of sequences, which counts the children.
pub(crate) const HICKLE_ITEMS: &str = "num_items";
/// What comes before the position in the names of these.
pub(crate) const HICKLE_ITEM: &str = "data";
/// hickle's attribute of the children of a dictionary.
pub(crate) const HICKLE_KEY: &str = "key_base_type";
/// What that says of keys that are strings.
pub(crate) const HICKLE_STR: &str = "str";
/// hickle's attribute of strings and bytes.
pub(crate) const HICKLE_STRING: &str = "str_type";
/// hickle's attribute that refers to what class something is of, as a pickle.
pub(crate) const HICKLE_CLASS: &str = "type";

/// What has these pickles, beside the value; and the attribute of the group that both are in.
pub(crate) const HICKLE_CLASSES: (&str, &str) = ("hickle_types_table", "HICKLE_VERSION");

/// HDF5's attribute of coordinates that has what they are those of, and refers to it: records of these fields.
pub(crate) const SCALE_USERS: &str = "REFERENCE_LIST";
pub(crate) const SCALE_USER: &str = "dataset";
pub(crate) const SCALE_DIMENSION: &str = "dimension";
/// The attribute, with its value, by which coordinates are known.
pub(crate) const SCALE: (&str, &str) = ("CLASS", "DIMENSION_SCALE");

/// The key that hickle's name of a string in a dictionary stands for.
pub(crate) fn unquoted(name: &str) -> Option<&str> {
    name.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::super::python::{CLASS, MODULE, TYPEID};
    use super::super::{COMPLEX, ENCODING_TYPE};
    use super::*;

    #[test]
    fn all_are_on_the_page() {
        let page = include_str!("../../FORMAT.md");
        let section = page.split("\n## ").find(|section| section.starts_with("Marks of other programs")).unwrap();
        let (items, values) = block(0);
        let words = [
            [ENCODING_TYPE, CATEGORICAL, CODES, CATEGORIES, NULLABLE, DATAFRAME, COLUMN_ORDER, INDEX].as_slice(),
            &[
                PANDAS_TYPE,
                PANDAS_FRAME,
                PANDAS_SERIES,
                PANDAS_TABLE,
                TABLE,
                PANDAS_ROWS.0,
                PANDAS_ROWS.1,
                &items,
                &values,
            ],
            &[MATLAB_CLASS, MATLAB_EMPTY, MATLAB_OBJECT, MATLAB_CHAR, MATLAB_LOGICAL, MATLAB_STRUCT, MATLAB_FIRST.1],
            &MATLAB_HIDDEN,
            &PANDAS_EMPTY,
            &[HICKLE_ITEMS, HICKLE_KEY, HICKLE_STR, HICKLE_STRING, HICKLE_CLASS],
            &[CLASS, MODULE, TYPEID],
            &COMPLEX,
        ];
        for word in words.concat() {
            assert!(section.contains(&format!("`{word}`")), "{word}");
        }
    }
}
