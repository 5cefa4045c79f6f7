//! The words of sparse matrices: those of scipy, by way of FileBacked and AnnData, of h5sparse, and of 10x Genomics.

/// The values of the entries.
pub(crate) const DATA: &str = "data";
/// Of a compressed matrix: the column of each entry (CSR), or its row (CSC).
pub(crate) const INDICES: &str = "indices";
/// Of a compressed matrix: where the entries of each row (or column) begin, and, last, where the last ones end.
pub(crate) const INDPTR: &str = "indptr";
/// The rows of triplets.
pub(crate) const ROW: &str = "row";
/// The columns of triplets.
pub(crate) const COL: &str = "col";

/// What a compressed matrix of `sprs` is to serde: a struct of that name, and its fields.
pub(crate) const COMPRESSED: &str = "CsMatBase";
pub(crate) const STORAGE: &str = "storage";
pub(crate) const NROWS: &str = "nrows";
pub(crate) const NCOLS: &str = "ncols";
pub(crate) const COMPRESSED_FIELDS: &[&str] = &[STORAGE, NROWS, NCOLS, INDPTR, INDICES, DATA];

/// FileBacked's attribute that names the format.
pub(crate) const FORMAT: &str = "format";
/// FileBacked's attribute that counts the rows.
pub(crate) const ROWS: &str = "m";
/// FileBacked's attribute that counts the columns.
pub(crate) const COLUMNS: &str = "n";
/// AnnData's attribute of both counts; 10x Genomics has a dataset of that name.
pub(crate) const SHAPE: &str = "shape";
/// The attribute that names the format in files of h5sparse, and of AnnData before version 0.7.
pub(crate) const OLD_FORMAT: &str = "h5sparse_format";
/// The attribute of both counts beside it.
pub(crate) const OLD_SHAPE: &str = "h5sparse_shape";
/// The version AnnData gives its sparse matrices.
pub(crate) const MATRIX_VERSION: &str = "0.1.0";
/// What AnnData's name of an encoding ends with.
const MATRIX: &str = "_matrix";

/// How a sparse matrix is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SparseFormat {
    /// Row after row.
    Csr,
    /// Column after column.
    Csc,
    /// Triplets.
    Coo,
}

impl SparseFormat {
    /// scipy's word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Csr => "csr",
            Self::Csc => "csc",
            Self::Coo => "coo",
        }
    }

    /// The format that scipy's `word` stands for.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Csr, Self::Csc, Self::Coo].into_iter().find(|format| format.as_str() == word)
    }

    /// AnnData's name of the encoding.
    pub(crate) fn encoding(self) -> String {
        format!("{}{MATRIX}", self.as_str())
    }

    /// The format that AnnData's name of an encoding stands for.
    pub(crate) fn from_encoding(encoding: &str) -> Option<Self> {
        Self::from_word(encoding.strip_suffix(MATRIX)?)
    }
}

/// The attributes that the layout gives a compressed matrix; triplets have the first three.
const ATTRIBUTES: [&str; 6] = [FORMAT, ROWS, COLUMNS, SHAPE, super::ENCODING_TYPE, super::ENCODING_VERSION];

/// Takes the layout's own from the names of a group's attributes, if it is a matrix.
pub(crate) fn retain_others(names: &mut Vec<String>) {
    if ATTRIBUTES[..3].iter().all(|own| names.iter().any(|name| name == own)) {
        names.retain(|name| !ATTRIBUTES.contains(&name.as_str()));
    }
}
